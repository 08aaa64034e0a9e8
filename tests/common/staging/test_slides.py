from __future__ import annotations

import errno
from dataclasses import replace

import pytest
from tiff_slides import tissue_on_glass, write_slide

from common.cohort import SlideEntry
from common.slide_reader import slide_of
from common.staging import Scratch, staged
from common.staging.copying import copied


@pytest.fixture(scope="module")
def entry(tmp_path_factory):
    path = write_slide(tmp_path_factory.mktemp("slides") / "s.tif", tissue_on_glass())
    return SlideEntry("s", path)


@pytest.fixture
def scratch(tmp_path):
    (tmp_path / "scratch").mkdir()
    return Scratch(tmp_path / "scratch")


def full(_, target):
    raise OSError(errno.ENOSPC, "No space left on device", str(target))


def test_a_copy_has_another_path_and_is_otherwise_the_same_slide(scratch, entry):
    with staged(scratch, entry) as copy:
        assert copy.entry == replace(entry, path=copy.entry.path)
        assert copy.entry.path.is_relative_to(scratch.folder)
        assert slide_of(copy.entry).fingerprint == slide_of(entry).fingerprint

    assert list(scratch.folder.iterdir()) == []


def test_without_scratch_nothing_is_copied(entry):
    with staged(None, entry) as copy:
        assert (copy.entry, copy.desk) == (entry, None)


def test_where_there_is_no_room_slides_are_read_in_place_and_it_is_said_once(
    scratch, entry, caplog
):
    small = replace(scratch, room=lambda _: 0)
    for _ in range(3):
        with staged(small, entry) as copy:
            assert (copy.entry, copy.desk) == (entry, None)

    assert caplog.text.count("read in place") == 1
    assert list(scratch.folder.iterdir()) == []


@pytest.mark.parametrize("copy", [full, None])
def test_a_scratch_that_fills_or_is_gone_is_done_without(scratch, entry, copy):
    if copy is None:
        scratch.folder.rmdir()
    with staged(replace(scratch, copy=copy or copied), entry) as found:
        assert found.entry == entry


def test_a_slide_that_cannot_be_copied_safely_still_has_a_desk(scratch, tmp_path, caplog):
    caplog.set_level("INFO")
    (tmp_path / "a.mrxs").touch()
    with staged(scratch, SlideEntry("a", tmp_path / "a.mrxs")) as copy:
        assert copy.entry.path == tmp_path / "a.mrxs"
        assert copy.desk is not None

    assert "read in place: expected its folder" in caplog.text


def test_a_slide_that_cannot_be_read_is_not_laid_to_scratch(scratch, tmp_path, caplog):
    """Neither is it taken for what is said of scratch once."""

    def broken(source, _):
        raise OSError(errno.EIO, "Input/output error", str(source))

    (tmp_path / "bad.svs").write_text("pixels")
    (tmp_path / "good.svs").write_text("pixels")
    for name, copy in (("bad", broken), ("good", full)):
        with staged(replace(scratch, copy=copy), SlideEntry(name, tmp_path / f"{name}.svs")):
            pass

    bad, good = caplog.messages
    assert bad == f"{tmp_path}/bad.svs is read in place: it could not be copied: Input/output error"
    assert good.startswith(f"--scratch {scratch.folder}: No space left on device: ")
