from __future__ import annotations

import numpy as np
import openslide
import pytest
import tifffile

from layer1_extract.phantom.pyramid import write_pyramid


@pytest.fixture(scope="module")
def written(positive, tmp_path_factory):
    path = tmp_path_factory.mktemp("pyramid") / "slide.tif"
    write_pyramid(path, positive.tiles(), 1024)
    return path


@pytest.fixture
def slide(written):
    with openslide.OpenSlide(written) as slide:
        yield slide


def test_openslide_finds_the_levels_and_the_scale(slide):
    assert slide.level_dimensions == ((1024, 1024), (512, 512))
    assert float(slide.properties[openslide.PROPERTY_NAME_MPP_X]) == 0.25
    assert float(slide.properties[openslide.PROPERTY_NAME_MPP_Y]) == 0.25


def test_pixels_come_back_up_to_what_jpeg_loses(slide, positive):
    drawn = np.block([[[tile] for tile in row] for row in rows_of(positive.tiles(), 2)])

    level_0, level_1 = (read(slide, level).astype(float) for level in (0, 1))

    assert np.abs(level_0 - drawn).mean() < 4
    assert np.abs(level_0.mean((0, 1)) - drawn.mean((0, 1))).max() < 1.5
    halved = drawn.reshape(512, 2, 512, 2, 3).mean((1, 3))
    assert np.abs(level_1 - halved).mean() < 6


def test_the_file_is_a_tiled_jpeg_bigtiff(written):
    with tifffile.TiffFile(written) as tif:
        assert tif.is_bigtiff
        assert {page.compression for page in tif.pages} == {tifffile.COMPRESSION.JPEG}
        assert {(page.tilelength, page.tilewidth) for page in tif.pages} == {(512, 512)}


def test_the_same_pixels_give_the_same_file(written, positive, tmp_path):
    write_pyramid(tmp_path / "again.tif", positive.tiles(), 1024)

    assert (tmp_path / "again.tif").read_bytes() == written.read_bytes()


def read(slide, level):
    size = slide.level_dimensions[level]
    return np.asarray(slide.read_region((0, 0), level, size))[..., :3]


def rows_of(tiles, across):
    tiles = list(tiles)
    return [tiles[start : start + across] for start in range(0, len(tiles), across)]
