from __future__ import annotations

import os
import secrets
import shutil
import subprocess

import pytest
from clocks import tick

from common.cohort import read_cohort
from common.errors import ConfigError, ContractError
from common.files import sha256
from layer1_extract.dataset_lock import locking
from layer1_extract.dataset_lock.lock_file import NAME, read_lock
from layer1_extract.dataset_lock.locking import lock
from layer1_extract.phantom.cohort import make_cohort
from layer1_extract.phantom.settings import PhantomSettings

LONG_AGO = (1_000_000_000, 1_000_000_000)


@pytest.fixture
def folder(tmp_path):
    """Three files, written long ago."""
    data = tmp_path / "data"
    (data / "masks").mkdir(parents=True)
    for name in ("a.tif", "b.tif", "masks/a.png"):
        (data / name).write_text(f"content of {name}")
        os.utime(data / name, LONG_AGO)
    return data


def journals(folder):
    return list(folder.glob(".*.journal"))


class Reading:
    """Counts the files read, and may stop before one of them."""

    def __init__(self, monkeypatch, stop_at=None):
        self.names = []
        original = locking.hash_files

        def counted(folder, files, workers, what):
            for result in original(folder, files, workers, what):
                if len(self.names) == stop_at:
                    raise KeyboardInterrupt
                self.names.append(result.name)
                yield result

        monkeypatch.setattr(locking, "hash_files", counted)


def test_a_lock_lists_every_file_with_its_hash(folder):
    result = lock(folder, workers=2)

    made = read_lock(folder / NAME)
    assert {name: file.sha256 for name, file in made.files.items()} == {
        name: sha256(folder / name) for name in ("a.tif", "b.tif", "masks/a.png")
    }
    assert (result.exit_status, result.data["files"], result.data["bytes"]) == (0, 3, made.size)
    assert result.data["dataset"] == made.dataset
    assert journals(folder) == []


def test_a_slide_of_a_cohort_is_found_as_before(tmp_path):
    make_cohort(tmp_path / "cohort", PhantomSettings(slides=1, size=1024))
    before = read_cohort(tmp_path / "cohort")

    lock(tmp_path / "cohort", workers=1)

    assert read_cohort(tmp_path / "cohort") == before
    assert "stages.csv" in read_lock(tmp_path / "cohort" / NAME).files


def test_a_lock_that_is_right_stays_as_it_is(folder):
    lock(folder, workers=1)
    before = (folder / NAME).stat()

    result = lock(folder, workers=1)

    assert result.exit_status == 0
    assert (folder / NAME).stat().st_ino == before.st_ino


def test_a_lock_of_other_files_is_refused_unread_and_stays(folder, monkeypatch):
    lock(folder, workers=1)
    before = (folder / NAME).read_bytes()
    (folder / "a.tif").write_text("another length")
    (folder / "c.tif").write_text("new")
    reading = Reading(monkeypatch)

    result = lock(folder, workers=1)

    assert result.exit_status == ContractError.exit_status
    assert "--update" in result.text
    assert (list(result.data["changed"]), result.data["new"]) == (["a.tif"], ["c.tif"])
    assert (folder / NAME).read_bytes() == before
    assert reading.names == []


def test_a_lock_of_other_contents_is_refused_and_stays(folder):
    lock(folder, workers=1)
    before = (folder / NAME).read_bytes()
    (folder / "a.tif").write_text("cONTENT OF A.TIF")

    result = lock(folder, workers=1)

    assert result.exit_status == ContractError.exit_status
    assert list(result.data["changed"]) == ["a.tif"]
    assert (folder / NAME).read_bytes() == before


def test_an_update_takes_new_and_changed_files_and_names_them(folder):
    lock(folder, workers=1)
    (folder / "a.tif").write_text("another")
    (folder / "c.tif").write_text("new")

    result = lock(folder, workers=1, update=True)

    assert result.exit_status == 0
    assert "  changed a.tif: " in result.text
    assert "  new c.tif" in result.text
    assert list(read_lock(folder / NAME).files) == ["a.tif", "b.tif", "c.tif", "masks/a.png"]
    assert journals(folder) == []


@pytest.mark.parametrize("asked", [{}, {"update": True}, {"drop_missing": True}])
def test_a_file_that_vanished_is_never_dropped_unasked(folder, asked):
    lock(folder, workers=1)
    (folder / "b.tif").unlink()

    result = lock(folder, workers=1, **asked)

    assert result.exit_status == ContractError.exit_status
    assert result.data["missing"] == ["b.tif"]
    assert "b.tif" in read_lock(folder / NAME).files


def test_a_file_that_vanished_is_dropped_when_asked_and_named(folder):
    lock(folder, workers=1)
    (folder / "b.tif").unlink()

    result = lock(folder, workers=1, update=True, drop_missing=True)

    assert (result.exit_status, result.data["missing"]) == (0, ["b.tif"])
    assert list(read_lock(folder / NAME).files) == ["a.tif", "masks/a.png"]


def test_after_a_kill_what_was_hashed_is_not_read_again(folder, monkeypatch):
    with monkeypatch.context() as context:
        Reading(context, stop_at=2)
        with pytest.raises(KeyboardInterrupt):
            lock(folder, workers=1)
    assert not (folder / NAME).exists()

    reading = Reading(monkeypatch)
    result = lock(folder, workers=1)

    assert (result.exit_status, len(reading.names)) == (0, 1)
    assert read_lock(folder / NAME).files["a.tif"].sha256 == sha256(folder / "a.tif")
    assert len(read_lock(folder / NAME).files) == 3
    assert journals(folder) == []


def test_after_a_kill_what_changed_meanwhile_is_read_again(folder, monkeypatch):
    with monkeypatch.context() as context:
        Reading(context, stop_at=2)
        with pytest.raises(KeyboardInterrupt):
            lock(folder, workers=1)
    tick(folder)
    for name in ("a.tif", "b.tif", "masks/a.png"):
        (folder / name).write_text(f"CONTENT OF {name}")
        os.utime(folder / name, LONG_AGO)

    lock(folder, workers=1)

    made = read_lock(folder / NAME)
    assert {file.sha256 for file in made.files.values()} == {
        sha256(folder / name) for name in made.files
    }


def test_after_a_refusal_the_update_reads_nothing_again(folder, monkeypatch):
    lock(folder, workers=1)
    (folder / "a.tif").write_text("cONTENT OF A.TIF")
    os.utime(folder / "a.tif", LONG_AGO)
    assert lock(folder, workers=1).exit_status == ContractError.exit_status

    reading = Reading(monkeypatch)
    result = lock(folder, workers=1, update=True)

    assert (result.exit_status, reading.names) == (0, [])
    assert read_lock(folder / NAME).files["a.tif"].sha256 == sha256(folder / "a.tif")


def test_what_cannot_be_read_is_named_and_the_rest_is_hashed(folder, monkeypatch):
    (folder / "gone.tif").symlink_to("nowhere.tif")
    reading = Reading(monkeypatch)

    result = lock(folder, workers=1)

    assert (result.exit_status, list(result.data["unreadable"])) == (3, ["gone.tif"])
    assert "  unreadable gone.tif: No such file or directory" in result.text
    assert not (folder / NAME).exists()
    assert len(reading.names) == 3
    assert len(journals(folder)) == 1


@pytest.mark.parametrize("change", ["written", "kept", "removed", "added"])
def test_a_folder_that_changes_while_it_is_locked_is_not_locked(
    folder, tmp_path, monkeypatch, change
):
    original = locking.hash_files

    def changing(*given):
        yield from original(*given)
        tick(tmp_path)
        if change == "removed":
            (folder / "a.tif").unlink()
        elif change == "kept":  # size and time, as rsync --inplace --times keeps them
            (folder / "a.tif").write_text("CONTENT OF A.TIF")
            os.utime(folder / "a.tif", LONG_AGO)
        else:
            (folder / ("a.tif" if change == "written" else "c.tif")).write_text("other")

    monkeypatch.setattr(locking, "hash_files", changing)

    result = lock(folder, workers=1)

    assert result.exit_status == 3
    assert list(result.data["unreadable"].values()) == ["it changed while the folder was locked"]
    assert not (folder / NAME).exists()


def test_a_link_that_leaves_the_folder_is_told(folder, tmp_path, caplog):
    (tmp_path / "elsewhere.tif").write_text("far")
    (folder / "c.tif").symlink_to(tmp_path / "elsewhere.tif")

    result = lock(folder, workers=1)

    assert result.data["leaving"] == ["c.tif"]
    assert "c.tif: a link that leaves the folder" in caplog.text
    assert read_lock(folder / NAME).files["c.tif"].sha256 == sha256(tmp_path / "elsewhere.tif")


def test_a_lock_that_is_damaged_is_not_overwritten(folder):
    (folder / NAME).write_text("something else\n")

    with pytest.raises(ContractError, match="line 1"):
        lock(folder, workers=1, update=True)


def test_a_folder_that_cannot_be_written_is_told(folder, monkeypatch):
    monkeypatch.setattr(secrets, "token_hex", lambda _: "token")
    (folder / f".{NAME}.token.journal").mkdir()

    with pytest.raises(ConfigError, match="can be written"):
        lock(folder, workers=1)


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="expected files, found none"):
        lock(tmp_path, workers=2)

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_lost_all_its_files_is_not_locked_anew(folder):
    lock(folder, workers=1)
    for name in read_lock(folder / NAME).files:
        (folder / name).unlink()

    with pytest.raises(ConfigError, match="found none"):
        lock(folder, workers=1, update=True, drop_missing=True)

    assert len(read_lock(folder / NAME).files) == 3


def test_a_folder_in_the_place_of_the_lock_is_told(folder):
    (folder / NAME).mkdir()

    with pytest.raises(ConfigError, match=r"dataset.sha256: .* found a folder. Rename it"):
        lock(folder, workers=1)


def test_links_to_a_folder_are_read_once_and_listed_as_sha256sum_reads_them(folder, monkeypatch):
    (folder / "latest").symlink_to("masks")
    reading = Reading(monkeypatch)

    result = lock(folder, workers=1)

    files = read_lock(folder / NAME).files
    assert files["latest/a.png"] == files["masks/a.png"]
    assert len(reading.names) == result.data["files"] == 4
    check = ["sha256sum", "--check", "--quiet", NAME]
    assert subprocess.run(check, cwd=folder, check=False).returncode == 0


def test_a_copy_of_a_folder_has_the_same_name(folder, tmp_path):
    first = lock(folder, workers=1)
    shutil.copytree(folder, tmp_path / "copy", ignore=shutil.ignore_patterns(NAME))

    assert lock(tmp_path / "copy", workers=2).data["dataset"] == first.data["dataset"]
