from __future__ import annotations

import cv2
import numpy as np
import pytest
from fakes import FakeSlide, painted
from tiff_slides import write_slide

from common.cohort.entry import SlideEntry
from common.geometry import Pyramid
from common.slide_reader import slide_of
from layer3_infer.viewer.slide_tiles import SlideTiles

BOXES = {(300, 200, 1700, 900): (200, 40, 60), (2000, 1100, 2900, 1900): (20, 120, 200)}


def whole(tiles, level):
    columns, rows = tiles.zoom.tiles(level)
    return np.vstack(
        [np.hstack([tiles.pixels(level, c, r) for c in range(columns)]) for r in range(rows)]
    )


@pytest.mark.parametrize("from_last", [0, 1, 2, 4, 8])
def test_what_is_on_the_slide_is_on_its_tiles_at_the_same_place(from_last):
    slide = FakeSlide(Pyramid(((3001, 2003),), 0.25), painted(BOXES))
    tiles = SlideTiles(slide, 256, 90)
    level = tiles.zoom.levels - 1 - from_last
    factor = tiles.zoom.factor(level)

    seen = whole(tiles, level)

    assert seen.shape[:2] == tiles.zoom.size(level)[::-1]
    for (left, top, right, bottom), colour in BOXES.items():
        y, x = (top + bottom) // 2 // factor, (left + right) // 2 // factor
        assert np.abs(seen[y, x].astype(int) - colour).max() <= 2
        if from_last < 4:
            inside = np.abs(seen[y].astype(int) - colour).max(axis=1) <= 60
            columns = np.flatnonzero(inside) * factor
            assert abs(columns.min() - left) <= factor
            assert abs(columns.max() + factor - right) <= factor


def test_levels_that_are_not_powers_of_two_are_brought_to_scale(tmp_path):
    """A level 1.96 times as coarse counts as 2: without care its tiles would end 5 px early."""
    image = np.full((1568, 3136, 3), 255, np.uint8)
    image[:, 2000:2400] = (10, 160, 90)
    slide = FakeSlide(Pyramid(((3136, 1568), (1600, 800)), 0.25), lambda x, y: image[0, 0])

    class Levels(FakeSlide):
        def read(self, x, y, spec):
            edge = round(spec.size * spec.mpp / 0.25)
            region = np.full((edge, edge, 3), 255, np.uint8)
            part = image[y : y + edge, x : x + edge]
            region[: part.shape[0], : part.shape[1]] = part
            return cv2.resize(region, (spec.size, spec.size), interpolation=cv2.INTER_AREA)

    tiles = SlideTiles(Levels(slide.pyramid, slide.paint), 256, 90)
    level = tiles.zoom.levels - 2

    green = np.flatnonzero(whole(tiles, level)[100, :, 0] < 130)

    assert abs(green.min() - 1000) <= 1
    assert abs(green.max() - 1199) <= 1


def test_tiles_of_a_real_slide_are_its_pixels(tmp_path):
    rng = np.random.default_rng(0)
    image = np.kron(rng.integers(0, 255, (16, 24, 3), np.uint8), np.ones((96, 96, 1), np.uint8))
    path = write_slide(tmp_path / "a.tif", image, levels=2)
    tiles = SlideTiles(slide_of(SlideEntry("a", path)), 512, 95)

    last = tiles.zoom.levels - 1

    assert np.array_equal(tiles.pixels(last, 1, 1), image[512:1024, 512:1024])
    small = cv2.resize(image, (1152, 768), interpolation=cv2.INTER_AREA)
    assert np.abs(whole(tiles, last - 1).astype(int) - small).max() <= 1
    jpeg = cv2.imdecode(np.frombuffer(tiles.jpeg(last, 1, 1), np.uint8), cv2.IMREAD_COLOR)
    assert np.abs(jpeg[48, 48, ::-1].astype(int) - image[560, 560]).max() <= 12
