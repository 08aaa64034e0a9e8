from __future__ import annotations

import errno
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from tiff_slides import tissue_on_glass, write_slide

from common.cohort import SlideEntry
from common.errors import ConfigError, SlideError
from common.slide_reader import slide_of
from common.staging import CopyError, Scratch, brought, from_scratch
from common.staging.copying import copied


@pytest.fixture(scope="module")
def entry(tmp_path_factory):
    path = write_slide(tmp_path_factory.mktemp("slides") / "s.tif", tissue_on_glass())
    return SlideEntry("s", path)


@pytest.fixture
def scratch(tmp_path):
    (tmp_path / "scratch").mkdir()
    return Scratch(tmp_path / "scratch")


def damaged(source, target):
    sent = copied(source, target)
    target.write_bytes(bytes(target.stat().st_size))
    return sent


def full(_, target):
    raise OSError(errno.ENOSPC, "No space left on device", str(target))


def test_a_copy_that_differs_twice_fails_the_slide_by_its_name(scratch, entry):
    with pytest.raises(CopyError, match=r"/s\.tif: sha256.*leave out --scratch") as caught:
        from_scratch(replace(scratch, copy=damaged), entry, lambda *_: pytest.fail("was read"))

    assert caught.value.exit_status == SlideError.exit_status
    assert list(scratch.folder.iterdir()) == []


def test_what_the_work_gives_is_given(scratch, entry):
    assert from_scratch(scratch, entry, lambda local, _: local.slide_id) == "s"


def test_an_error_of_the_slide_names_the_slide_and_its_copy(scratch, tmp_path):
    (tmp_path / "s.tif").write_text("no slide")
    entry, seen = SlideEntry("s", tmp_path / "s.tif"), []

    def work(local, _):
        seen.append(local.path)
        return slide_of(local).fingerprint and slide_of(local).pyramid

    with pytest.raises(SlideError) as caught:
        from_scratch(scratch, entry, work)

    assert str(caught.value).startswith(f"{tmp_path / 's.tif'}: format: expected")
    assert "read from a copy in" in str(caught.value)
    assert len(seen) == 1


@pytest.mark.parametrize("harm", ["gone", "other bytes", "all gone"])
def test_a_copy_that_is_lost_or_damaged_meanwhile_is_read_in_place(scratch, entry, harm, caplog):
    read = []

    def work(local, _):
        read.append(local.path)
        if local.path != entry.path:
            {
                "gone": local.path.unlink,
                "other bytes": lambda: local.path.write_bytes(b"other"),
                "all gone": lambda: shutil.rmtree(scratch.folder),
            }[harm]()
        return slide_of(local).pyramid

    assert from_scratch(scratch, entry, work) == slide_of(entry).pyramid
    assert [path == entry.path for path in read] == [False, True]
    assert "done once more without --scratch" in caplog.text


def test_what_was_read_of_a_copy_that_was_damaged_meanwhile_is_not_taken(scratch, entry, caplog):
    """Even where no error tells of it."""

    def work(local, _):
        if local.path != entry.path:
            with local.path.open("r+b") as stream:
                stream.seek(local.path.stat().st_size // 2 + 777)
                stream.write(bytes(100))
        return local.path.read_bytes()

    assert from_scratch(scratch, entry, work) == entry.path.read_bytes()
    assert f"{entry.path}: done once more without --scratch" in caplog.text


def test_a_desk_that_is_full_is_done_without(scratch, entry, tmp_path):
    def work(_, desk):
        with brought(tmp_path / "a.h5", desk) as local:
            if desk is not None:
                raise ConfigError(f"{local}: expected a file that can be written")
            local.write_text("result")

    from_scratch(scratch, entry, work)

    assert (tmp_path / "a.h5").read_text() == "result"


def test_a_disk_of_results_that_is_full_is_not_scratch_fault(scratch, entry, tmp_path):
    calls = []

    def work(local, desk):
        calls.append(local)
        with brought(tmp_path / "a.h5", desk) as result:
            result.write_text("result")

    def copy(source, target):
        return full(source, target) if target.parent == tmp_path else copied(source, target)

    with pytest.raises(ConfigError, match=r"a\.h5: .*No space left"):
        from_scratch(replace(scratch, copy=copy), entry, work)

    assert len(calls) == 1
    assert not list(Path(tmp_path).glob("*.h5"))
