from __future__ import annotations

import cv2
import numpy as np
import pytest

from common.geometry import Pyramid
from common.grid import Grid
from layer3_infer.blending import blend, spread
from layer3_infer.heatmap import Heatmap
from layer3_infer.overlay import picture_mpp, scale_bar, write_overlay

SLIDE = Pyramid(((1600, 1200),), mpp=0.5)
PICTURE = np.random.default_rng(0).integers(0, 256, (600, 800, 3), dtype=np.uint8)
VALUES = np.linspace(0, 1, 48, dtype=np.float32).reshape(6, 8)
HEATMAP = Heatmap(Grid((0, 0), 200, 200, 6, 8), np.where(VALUES < 0.2, np.nan, VALUES))


def written(path, **more):
    write_overlay(path, PICTURE, HEATMAP, SLIDE, "slide", **more)
    return cv2.imread(str(path))[..., ::-1]


def place_of(picture, page):
    """Row and column at which `picture` stands on `page`, found by its first line."""
    found = cv2.matchTemplate(
        np.ascontiguousarray(page), np.ascontiguousarray(picture[:20]), cv2.TM_SQDIFF
    )
    _, _, (column, row), _ = cv2.minMaxLoc(found)
    return row, column


def test_the_blended_slide_stands_in_the_picture_pixel_for_pixel(tmp_path):
    page = written(tmp_path / "a.png")
    expected = blend(PICTURE, spread(HEATMAP, SLIDE, (600, 800)))

    row, column = place_of(expected, page)

    assert np.array_equal(page[row : row + 600, column : column + 800], expected)


def test_around_it_are_title_colour_bar_and_scale_bar(tmp_path):
    page = written(tmp_path / "a.png")
    row, column = place_of(blend(PICTURE, spread(HEATMAP, SLIDE, (600, 800))), page)

    assert (page[:row] < 128).any()
    assert (page[row : row + 300, column + 810 :].std(axis=-1) > 30).any()
    black = (page[row + 605 :, column : column + 200] == 0).all(axis=-1)
    assert black.sum(axis=1).max() == pytest.approx(scale_bar(1.0, 800)[1], abs=2)


def test_known_tumour_is_outlined_where_it_lies(tmp_path):
    ring = np.array([[400, 400], [800, 400], [800, 800], [400, 800], [400, 400]], float)
    plain, outlined = written(tmp_path / "a.png"), written(tmp_path / "b.png", outlines=[ring])
    row, column = place_of(blend(PICTURE, spread(HEATMAP, SLIDE, (600, 800))), plain)

    differs = (plain != outlined).any(axis=-1)[row : row + 600, column : column + 800]

    rows, columns = np.nonzero(differs)
    assert rows.min() == pytest.approx(200, abs=4)
    assert rows.max() == pytest.approx(400, abs=4)
    assert columns.min() == pytest.approx(200, abs=4)
    assert columns.max() == pytest.approx(400, abs=4)
    assert not differs[220:380, 220:380].any()


def test_a_small_slide_has_room_for_its_legend(tmp_path):
    heatmap = Heatmap(Grid((0, 0), 9, 9, 0, 0), np.empty((0, 0), np.float32))
    small = Pyramid(((40, 30),), mpp=0.5)

    write_overlay(tmp_path / "a.png", PICTURE[:30, :40], heatmap, small, "slide")

    assert cv2.imread(str(tmp_path / "a.png")).shape[1] > 500


def test_a_picture_is_reduced_to_its_width_and_never_enlarged():
    assert picture_mpp(SLIDE, 800) == 1.0
    assert picture_mpp(SLIDE, 3200) == 0.5


def test_a_tall_slide_is_reduced_to_four_times_the_width_in_height():
    assert picture_mpp(Pyramid(((256, 70_000),), mpp=0.5), 100) == 0.5 * 70_000 / 400


@pytest.mark.parametrize("mpp", [0.25, 3.0, 80.0])
def test_the_scale_bar_is_as_long_as_it_says(mpp):
    length_mm, length = scale_bar(mpp, 1600)

    assert length * mpp == pytest.approx(1000 * length_mm)
    assert length <= 400
