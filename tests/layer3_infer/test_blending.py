from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.geometry import Box, Pyramid
from common.grid import Grid
from layer3_infer.blending import LEAST_OPACITY, blend, colours, spread
from layer3_infer.heatmap import Heatmap

SLIDE = Pyramid(((400, 300),), mpp=0.5)


def random_heatmap(stride, edge, seed=0):
    grid = Grid.inside(SLIDE.bounds, edge, stride)
    rng = np.random.default_rng(seed)
    values = rng.random((grid.rows, grid.columns), dtype=np.float32)
    values[rng.random(values.shape) < 0.3] = np.nan
    return Heatmap(grid, values)


def test_each_patch_colours_its_own_pixels_at_full_scale():
    heatmap = random_heatmap(stride=20, edge=20)

    shown = spread(heatmap, SLIDE, (300, 400))

    expected = np.kron(heatmap.values, np.ones((20, 20)))
    np.testing.assert_allclose(shown, expected, atol=1e-9)


@given(edge=st.integers(10, 60), stride=st.integers(7, 60), seed=st.integers(0, 5))
def test_overlapping_patches_are_averaged(edge, stride, seed):
    heatmap = random_heatmap(stride, edge, seed)
    height, width = 75, 100
    total, count = np.zeros((height, width)), np.zeros((height, width))
    x, y = np.meshgrid(4 * (np.arange(width) + 0.5), 4 * (np.arange(height) + 0.5))
    for (left, top), score in zip(heatmap.xy, heatmap.scores, strict=True):
        inside = (x >= left) & (x < left + edge) & (y >= top) & (y < top + edge)
        total, count = total + inside * float(score), count + inside

    shown = spread(heatmap, SLIDE, (height, width))

    assert np.array_equal(np.isnan(shown), count == 0)
    np.testing.assert_allclose(shown[count > 0], (total / np.maximum(count, 1))[count > 0])


def test_where_nothing_was_analysed_the_picture_is_untouched():
    rng = np.random.default_rng(1)
    picture = rng.integers(0, 256, (300, 400, 3), dtype=np.uint8)
    probability = spread(random_heatmap(20, 20), SLIDE, (300, 400))
    unknown = np.isnan(probability)

    blended = blend(picture, probability)

    assert unknown.any()
    assert np.array_equal(blended[unknown], picture[unknown])
    assert (blended[~unknown] != picture[~unknown]).any(axis=-1).mean() > 0.99


def test_a_low_answer_does_not_look_like_no_answer():
    picture = np.full((30, 30, 3), 230, np.uint8)

    blended = blend(picture, np.zeros((30, 30)))

    assert np.abs(blended.astype(int) - 230).max(axis=-1).min() > 20


def test_opacity_rises_with_probability_and_never_starts_at_nothing():
    opacity = colours(np.linspace(0, 1, 11))[:, 3]

    assert opacity[0] == pytest.approx(LEAST_OPACITY)
    assert (np.diff(opacity) > 0).all()


def test_an_empty_heatmap_colours_nothing():
    grid = Grid.inside(Box(0, 0, 5, 5), edge=10, stride=10)
    heatmap = Heatmap(grid, np.empty((0, 0), np.float32))

    assert np.isnan(spread(heatmap, SLIDE, (30, 40))).all()
