from __future__ import annotations

import itertools
import os
import shutil

import pytest

from common.errors import ContractError, SlideError
from layer1_extract.dataset_lock import verifying
from layer1_extract.dataset_lock.lock_file import NAME, Lock, write_lock
from layer1_extract.dataset_lock.locking import lock
from layer1_extract.dataset_lock.verifying import verify


@pytest.fixture
def folder(tmp_path):
    data = tmp_path / "data"
    (data / "masks").mkdir(parents=True)
    for name in ("a.tif", "b.tif", "masks/a.png"):
        (data / name).write_text(f"content of {name}")
    lock(data, workers=1)
    return data


def flip_a_bit(path):
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def everything(folder):
    return {path: path.stat().st_mtime_ns for path in [folder, *folder.rglob("*")]}


def test_a_folder_that_is_as_locked_is_whole_and_stays_untouched(folder):
    before = everything(folder)

    result = verify(folder, workers=2)

    assert result.exit_status == 0
    assert "whole: 3 files" in result.text
    assert (result.data["whole"], result.data["contents_read"]) == (True, True)
    assert everything(folder) == before


def test_a_copy_elsewhere_is_whole_with_its_links_resolved(folder, tmp_path):
    (tmp_path / "far.tif").write_text("far")
    (folder / "c.tif").symlink_to(tmp_path / "far.tif")
    lock(folder, workers=1, update=True)
    shutil.copytree(folder, tmp_path / "site", symlinks=False)

    assert verify(tmp_path / "site", workers=1).exit_status == 0


def test_every_file_that_is_missing_changed_or_extra_is_named(folder):
    (folder / "masks" / "a.png").unlink()
    flip_a_bit(folder / "a.tif")
    (folder / "b.tif").write_text("cut")
    (folder / "c.tif").write_text("extra")

    result = verify(folder, workers=2)

    assert result.exit_status == ContractError.exit_status
    assert result.text.splitlines()[1:] == [
        "  missing masks/a.png",
        "  changed a.tif: another content of the same size",
        "  changed b.tif: 16 bytes were locked, 3 are there",
        "  extra c.tif",
    ]
    data = result.data
    assert (data["whole"], data["missing"], data["extra"]) == (False, ["masks/a.png"], ["c.tif"])
    assert list(data["changed"]) == ["a.tif", "b.tif"]


def test_sizes_alone_are_quick_and_say_what_they_are(folder):
    flip_a_bit(folder / "a.tif")

    result = verify(folder, workers=1, quick=True)

    assert result.exit_status == 0
    assert "contents were not read" in result.text
    assert result.data["contents_read"] is False
    assert (result.data["whole"], result.data["names_and_sizes"]) == (None, True)


@pytest.mark.parametrize("change", ["longer", "fewer", "more"])
def test_sizes_alone_find_what_a_broken_copy_is(folder, change):
    if change == "fewer":
        (folder / "a.tif").unlink()
    else:
        (folder / ("a.tif" if change == "longer" else "new.tif")).write_text("another length" * 9)

    result = verify(folder, workers=1, quick=True)

    assert result.exit_status == ContractError.exit_status
    assert (result.data["whole"], result.data["names_and_sizes"]) == (False, False)


def test_names_and_sizes_may_be_right_where_contents_are_not(folder):
    flip_a_bit(folder / "a.tif")

    data = verify(folder, workers=1).data

    assert (data["whole"], data["names_and_sizes"]) == (False, True)


def test_only_what_was_read_counts_for_the_rate(folder, monkeypatch):
    (folder / "large.tif").write_bytes(bytes(10**6))
    lock(folder, workers=1, update=True)
    (folder / "large.tif").write_bytes(b"cut")
    clock = itertools.count()
    monkeypatch.setattr(verifying.time, "perf_counter", lambda: float(next(clock)))

    assert verify(folder, workers=1).data["megabytes_per_second"] < 0.1


def test_a_lock_of_nothing_proves_nothing(tmp_path):
    write_lock(tmp_path / NAME, Lock.now({}))

    with pytest.raises(ContractError, match="expected files, found none"):
        verify(tmp_path, workers=1)


def test_a_file_that_cannot_be_read_is_named_and_is_no_missing_one(folder):
    (folder / "b.tif").unlink()
    (folder / "b.tif").symlink_to("nowhere")

    result = verify(folder, workers=1)

    assert result.exit_status == SlideError.exit_status
    assert result.text.splitlines()[1:] == ["  unreadable b.tif: No such file or directory"]
    assert (result.data["whole"], result.data["missing"]) == (False, [])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
def test_files_of_a_folder_that_cannot_be_read_are_not_called_missing(folder):
    (folder / "masks").chmod(0)

    result = verify(folder, workers=1)

    (folder / "masks").chmod(0o755)
    assert (result.exit_status, result.data["missing"]) == (3, [])


def test_a_lock_kept_elsewhere_tells_what_was_done_to_both(folder, tmp_path):
    kept = shutil.copy(folder / NAME, tmp_path / "of_the_sender.sha256")
    flip_a_bit(folder / "a.tif")
    lock(folder, workers=1, update=True)

    assert verify(folder, workers=1).exit_status == 0
    assert verify(folder, workers=1, given=tmp_path / "of_the_sender.sha256").exit_status == 4
    assert kept


def test_a_folder_without_a_lock_is_told(tmp_path):
    with pytest.raises(ContractError, match="layer1-extract lock"):
        verify(tmp_path, workers=1)
