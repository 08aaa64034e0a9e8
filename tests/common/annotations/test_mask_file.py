from __future__ import annotations

import zlib

import numpy as np
import pytest
import tifffile

from common.annotations.mask_file import open_mask
from common.errors import SlideError
from common.geometry import Pyramid

SLIDE = Pyramid(((600, 400),), mpp=0.5)
MASK = np.arange(240_000, dtype=np.uint32).reshape(400, 600).astype(np.uint8)


def write(path, levels=(MASK,), **options):
    options = {"tile": (128, 128), "compression": "zlib", "metadata": None} | options
    with tifffile.TiffWriter(path) as tiff:
        for level in levels:
            tiff.write(level, **options)
    return path


@pytest.mark.parametrize(
    "stored",
    [{}, {"tile": (16, 16)}, {"tile": None, "rowsperstrip": 37}, {"compression": "lzw"}],
)
def test_the_tiles_are_the_whole_mask(tmp_path, stored):
    found = np.zeros_like(MASK)
    with open_mask(write(tmp_path / "m.tif", **stored), SLIDE) as (level,):
        for column, row, pixels in level.tiles():
            height, width = pixels.shape
            found[row : row + height, column : column + width] = pixels

    assert np.array_equal(found, MASK)


def test_tiles_the_file_leaves_out_are_passed_over(tmp_path):
    tile = zlib.compress(np.ones((128, 128), np.uint8).tobytes())
    tiles = (tile if number == 3 else b"" for number in range(20))
    write(tmp_path / "m.tif", [tiles], shape=MASK.shape, dtype=np.uint8)

    with open_mask(tmp_path / "m.tif", SLIDE) as (level,):
        assert [(column, row) for column, row, _ in level.tiles()] == [(384, 0)]


def test_levels_come_finest_first_and_other_pictures_are_passed_over(tmp_path):
    colour = np.zeros((50, 50, 3), np.uint8)
    other = np.zeros((77, 31), np.uint8)

    path = write(tmp_path / "m.tif", [MASK, MASK[::8, ::8], MASK[::2, ::2], other, colour])

    with open_mask(path, SLIDE) as levels:
        assert [(level.width, level.scale) for level in levels] == [
            (600, (1, 1)),
            (300, (2, 2)),
            (75, (8, 8)),
        ]


def test_a_strip_too_large_to_hold_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("common.annotations.mask_file._MOST_TILE_PX", 1000)
    path = write(tmp_path / "m.tif", tile=None, rowsperstrip=400)

    with (
        pytest.raises(SlideError, match="in tiles, found tiles or strips of 240,000 px. Save"),
        open_mask(path, SLIDE),
    ):
        pass


def test_a_tile_that_does_not_decode_is_told(tmp_path):
    path = write(tmp_path / "m.tif")
    with tifffile.TiffFile(path) as tiff:
        start = tiff.pages[0].dataoffsets[4]
    content = bytearray(path.read_bytes())
    content[start : start + 8] = b"\xff" * 8
    path.write_bytes(content)

    with (
        open_mask(path, SLIDE) as (level,),
        pytest.raises(SlideError, match=r"m.tif: mask: expected a TIFF that can be read"),
    ):
        list(level.tiles())
