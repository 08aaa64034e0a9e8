from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.grid import Grid
from layer3_infer.averaged_map import MapPixels, averaged_rows
from layer3_infer.heatmap import Heatmap


def random_heatmap(stride, edge, rows=5, columns=6, seed=0):
    rng = np.random.default_rng(seed)
    values = rng.random((rows, columns), dtype=np.float32)
    values[rng.random(values.shape) < 0.4] = np.nan
    return Heatmap(Grid((100, 40), stride, edge, rows, columns), values)


def whole(heatmap):
    return averaged_rows(heatmap, 0, MapPixels.of(heatmap.grid).rows)


def mean_at(heatmap, x, y):
    """Sum and count over the patches that hold a place, one by one."""
    inside = ((heatmap.xy <= (x, y)) & ((x, y) < heatmap.xy + heatmap.grid.edge)).all(axis=1)
    found = heatmap.scores[inside].astype(np.float64)
    return np.float32(found.sum() / len(found)) if len(found) else np.float32(np.nan)


def test_patches_that_touch_are_a_pixel_each_bit_by_bit():
    heatmap = random_heatmap(stride=10, edge=10)

    pixels = MapPixels.of(heatmap.grid)

    assert (pixels.origin, pixels.edge, pixels.reach) == ((100, 40), 10, 1)
    assert np.array_equal(whole(heatmap), heatmap.values, equal_nan=True)


@given(
    edge=st.integers(1, 40),
    stride=st.integers(1, 40),
    rows=st.integers(1, 6),
    columns=st.integers(1, 6),
    seed=st.integers(0, 9),
)
def test_a_pixel_is_the_mean_of_the_patches_over_its_centre(edge, stride, rows, columns, seed):
    stride = min(stride, edge)
    heatmap = random_heatmap(stride, edge, rows, columns, seed)
    pixels, found = MapPixels.of(heatmap.grid), whole(heatmap)
    centres = pixels.edge * (np.arange(max(pixels.rows, pixels.columns)) + 0.5)

    wanted = [
        [mean_at(heatmap, 100 + x, 40 + y) for x in centres[: pixels.columns]]
        for y in centres[: pixels.rows]
    ]

    np.testing.assert_allclose(found, wanted, rtol=1e-7)
    beyond = 100 + pixels.edge * (pixels.columns + 0.5)
    assert heatmap.grid.corners()[:, 0].max() + edge <= beyond


@pytest.mark.parametrize("times", [1, 2, 4])
def test_where_the_stride_divides_the_patch_a_pixel_holds_at_each_of_its_places(times):
    heatmap = random_heatmap(stride=3, edge=3 * times)
    pixels = MapPixels.of(heatmap.grid)

    fine = [
        [mean_at(heatmap, 100 + x + 0.5, 40 + y + 0.5) for x in range(3 * pixels.columns)]
        for y in range(3 * pixels.rows)
    ]

    assert pixels.reach == times
    np.testing.assert_allclose(np.kron(whole(heatmap), np.ones((3, 3))), fine, rtol=1e-7)


def test_a_patch_that_ends_at_a_centre_does_not_cover_it():
    assert MapPixels.of(Grid((0, 0), 10, 15, 4, 4)).reach == 1
    assert MapPixels.of(Grid((0, 0), 10, 16, 4, 4)).reach == 2


def test_where_patches_leave_gaps_a_pixel_is_an_entry_centred_on_its_patch():
    heatmap = random_heatmap(stride=25, edge=10)

    pixels = MapPixels.of(heatmap.grid)

    left, top, right, _ = heatmap.cells(np.array([0]), np.array([0]))[0]
    assert pixels.origin == (left, top)
    assert pixels.edge == right - left
    assert np.array_equal(whole(heatmap), heatmap.values, equal_nan=True)


@given(cut=st.integers(0, 7), stride=st.sampled_from([2, 3, 5, 8]))
def test_the_rows_do_not_depend_on_how_they_are_cut(cut, stride):
    heatmap = random_heatmap(stride, edge=8)
    rows = MapPixels.of(heatmap.grid).rows
    cut = min(cut, rows)

    parts = [averaged_rows(heatmap, 0, cut), averaged_rows(heatmap, cut, rows)]

    assert np.concatenate(parts).tobytes() == whole(heatmap).tobytes()


def test_a_slide_without_a_patch_has_no_pixels():
    pixels = MapPixels.of(Grid((0, 0), 10, 20, 0, 0))

    assert (pixels.rows, pixels.columns) == (0, 0)
