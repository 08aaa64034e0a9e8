from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest

from common.tile_file import TileFile

DESCRIPTORS = Path("/proc/self/fd")


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "bytes"
    path.write_bytes(b"0123456789")
    return path


def test_bytes_are_those_at_the_place(path):
    assert TileFile(path).read(3, 4) == b"3456"
    assert TileFile(path).read(0, 10) == b"0123456789"


@pytest.mark.parametrize(
    ("offset", "length"),
    [(-1, 2), (3, -1), (8, 3), (10, 1), (2**62, 1), (0, 2**62), (2**62, 2**62)],
)
def test_what_is_not_in_the_file_is_nothing_and_takes_no_memory(path, offset, length):
    assert TileFile(path).read(offset, length) == b""


def test_a_file_cut_short_after_it_was_opened_gives_what_is_left(path):
    file = TileFile(path)
    os.truncate(path, 5)

    assert file.read(3, 4) == b"34"


def test_a_missing_file_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError):
        TileFile(tmp_path / "absent")


@pytest.mark.skipif(not DESCRIPTORS.is_dir(), reason="counts descriptors in /proc")
def test_a_file_is_closed_with_the_last_value_that_holds_it(path):
    gc.collect()
    before = len(list(DESCRIPTORS.iterdir()))
    holders = [TileFile(path)] * 2
    held = len(list(DESCRIPTORS.iterdir()))
    holders.pop()
    still_held = len(list(DESCRIPTORS.iterdir()))
    holders.pop()

    assert (held, still_held) == (before + 1, before + 1)
    assert len(list(DESCRIPTORS.iterdir())) == before
