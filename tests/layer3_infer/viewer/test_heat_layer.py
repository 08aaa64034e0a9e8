from __future__ import annotations

import cv2
import numpy as np
import pytest

from common.geometry import Box, Pyramid
from common.grid import Grid
from layer3_infer.blending import colours, spread
from layer3_infer.heatmap import Heatmap
from layer3_infer.viewer.deep_zoom import DeepZoom
from layer3_infer.viewer.heat_layer import heat_layer, heat_png

WIDTH, HEIGHT = 700, 500


def heatmap(stride, edge=64, seed=0):
    rng = np.random.default_rng(seed)
    grid = Grid.inside(Box(0, 0, WIDTH, HEIGHT), edge, stride)
    values = rng.random((grid.rows, grid.columns)).astype(np.float32)
    values[rng.random(values.shape) < 0.4] = np.nan
    return Heatmap(grid, values)


@pytest.mark.parametrize("stride", [64, 32, 40, 100])
@pytest.mark.parametrize("level_from_last", [0, 1, 3])
def test_tiles_put_together_are_the_layer_of_the_whole_slide(stride, level_from_last):
    made, zoom = heatmap(stride), DeepZoom(WIDTH, HEIGHT, 128)
    level = zoom.levels - 1 - level_from_last
    width, height = zoom.size(level)
    factor = zoom.factor(level)

    columns, rows = zoom.tiles(level)
    whole = np.vstack(
        [
            np.hstack(
                [
                    heat_layer(made, zoom.box(level, c, r), zoom.shape(level, c, r))
                    for c in range(columns)
                ]
            )
            for r in range(rows)
        ]
    )

    slide = Pyramid(((width * factor, height * factor),), 1.0)
    expected = spread(made, slide, (height, width))
    known = ~np.isnan(expected)
    assert np.array_equal(whole[..., 3] > 0, known)
    said = np.rint(255 * colours(expected[known]))
    assert np.abs(whole[known].astype(int) - said).max() <= 1


def test_what_was_not_analysed_is_clear():
    grid = Grid((0, 0), 100, 100, 1, 2)
    made = Heatmap(grid, np.array([[0.0, np.nan]], np.float32))

    layer = heat_layer(made, Box(0, 0, 300, 100), (10, 30))

    assert (layer[:, :10, 3] > 60).all()
    assert not layer[:, 10:].any()


def test_a_box_without_patches_is_clear():
    assert not heat_layer(heatmap(64), Box(5000, 5000, 100, 100), (10, 10)).any()


def test_the_png_holds_colour_and_opacity():
    made, box = heatmap(64), Box(0, 0, WIDTH, HEIGHT)

    found = cv2.imdecode(
        np.frombuffer(heat_png(made, box, (50, 70)), np.uint8), cv2.IMREAD_UNCHANGED
    )

    assert np.array_equal(found[..., [2, 1, 0, 3]], heat_layer(made, box, (50, 70)))
