from __future__ import annotations

import errno
import os
import socket

import pytest

from common.errors import SlideError
from common.reach import out_of_reach

HERE = socket.gethostname()


@pytest.fixture
def slide(tmp_path):
    path = tmp_path / "a.tif"
    path.write_bytes(b"no slide at all")
    return path


def test_a_file_that_can_be_read_is_in_reach_whatever_it_holds(slide, tmp_path):
    error = SlideError("a.tif: format: expected a slide")

    assert out_of_reach([slide, tmp_path], error) == ""


def test_a_file_or_folder_that_is_not_there_is_out_of_reach_of_this_host(slide, tmp_path):
    assert out_of_reach([tmp_path / "gone" / "a.tif"]) == HERE
    assert out_of_reach([slide, tmp_path / "gone.xml"]) == HERE
    assert out_of_reach([slide / "not a folder"]) == HERE


@pytest.mark.parametrize(
    ("number", "found"),
    [
        (errno.ESTALE, HERE),
        (errno.EIO, HERE),
        (errno.EACCES, HERE),
        (errno.EHOSTDOWN, HERE),
        (errno.EISDIR, ""),
        (errno.ENOSPC, ""),
    ],
)
def test_what_the_system_says_of_a_file_in_the_middle_of_it_tells(
    number, found, slide, monkeypatch
):
    def failing(_path):
        raise OSError(number, "said by the system")

    monkeypatch.setattr("common.reach.spread_hash", failing)

    assert out_of_reach([slide]) == found


@pytest.mark.parametrize("other", [False, True])
def test_a_file_that_is_back_by_now_was_out_of_reach_by_what_was_said_of_it(other, slide, tmp_path):
    named = tmp_path / "results.h5" if other else slide
    error = SlideError("a.tif: bytes: expected a file that can be read")
    error.__cause__ = OSError(errno.ESTALE, "stale", str(named))

    assert out_of_reach([slide], error) == ("" if other else HERE)


def test_nothing_is_out_of_reach_of_work_that_needs_no_file():
    assert out_of_reach([], OSError(errno.ENOENT, "gone", "elsewhere")) == ""


@pytest.mark.parametrize(
    ("number", "file", "found"),
    [
        (errno.EIO, "a.tif", HERE),
        (errno.ESTALE, "a.tif", HERE),
        (errno.ENOSPC, "a.tif", ""),
        (errno.EIO, "results.h5", ""),
    ],
)
def test_what_a_library_hands_on_of_the_system_tells_too(number, file, found, slide):
    said = f"read of level 0: {os.strerror(number)}"

    assert out_of_reach([slide], SlideError(f"{slide.parent / file}: pixels: {said}")) == found
