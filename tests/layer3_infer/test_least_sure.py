from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.grid import Grid
from layer3_infer.heatmap import Heatmap
from layer3_infer.least_sure import least_sure


def heatmap(values, stride=10, edge=10):
    values = np.asarray(values, np.float32)
    return Heatmap(Grid((100, 200), stride, edge, *values.shape), values)


def test_the_nearest_to_the_threshold_comes_first():
    xy, scores = least_sure(heatmap([[0.9, 0.45, 0.1, 0.6]]), 0.5, 3, spacing=1)

    assert xy.tolist() == [[110, 200], [130, 200], [100, 200]]
    np.testing.assert_allclose(scores, [0.45, 0.6, 0.9])


def test_ties_go_by_row_then_by_column():
    xy, _ = least_sure(heatmap([[0.25, 0.75], [0.75, 0.25]]), 0.5, 9, spacing=1)

    assert xy.tolist() == [[100, 200], [110, 200], [100, 210], [110, 210]]


def test_neighbours_do_not_crowd():
    xy, _ = least_sure(heatmap([[0.5, 0.5, 0.5, 0.2, 0.1]]), 0.5, 9, spacing=3)

    assert xy.tolist() == [[100, 200], [130, 200]]


def test_spacing_counts_patches_whatever_the_stride():
    xy, _ = least_sure(heatmap(np.full((1, 9), 0.5), stride=5, edge=10), 0.5, 9, spacing=2)

    assert xy[:, 0].tolist() == [100, 120, 140]


@pytest.mark.parametrize("values", [np.full((2, 2), np.nan), np.empty((0, 0))])
def test_where_nothing_was_analysed_nothing_is_unsure(values):
    xy, scores = least_sure(heatmap(values), 0.5, 9, spacing=1)

    assert xy.shape == (0, 2)
    assert scores.dtype == np.float32


@given(seed=st.integers(0, 20), count=st.integers(0, 12), spacing=st.floats(1, 4))
def test_no_two_are_nearer_than_the_spacing_and_none_is_unanalysed(seed, count, spacing):
    rng = np.random.default_rng(seed)
    values = rng.random((9, 11), dtype=np.float32)
    values[rng.random(values.shape) < 0.3] = np.nan
    made = heatmap(values, stride=7, edge=10)

    xy, scores = least_sure(made, 0.3, count, spacing)

    assert len(xy) <= count
    assert (np.diff(np.abs(scores - np.float32(0.3))) >= 0).all()
    assert np.array_equal(values[made.grid.cells(xy)], scores)
    apart = np.abs(xy[:, None] - xy[None]).max(axis=2) + 1000 * np.eye(len(xy))
    assert (apart >= 10 * spacing).all()
