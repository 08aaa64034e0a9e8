from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from common.geometry import Box
from common.grid import Grid
from layer3_infer.heatmap import Heatmap

GRID = Grid(origin=(10, 20), stride=4, edge=8, rows=3, columns=5)
probabilities = st.floats(0, 1, width=32)


@st.composite
def parts_of_one_heatmap(draw, count=3):
    """Heatmaps that agree where they overlap: each knows some entries of the same whole."""
    whole = draw(hnp.arrays(np.float32, (3, 5), elements=probabilities))
    known = draw(hnp.arrays(np.bool_, (count, 3, 5)))
    return [Heatmap(GRID, np.where(k, whole, np.float32(np.nan))) for k in known]


def same(a, b):
    return a.grid == b.grid and np.array_equal(a.values, b.values, equal_nan=True)


@given(parts=parts_of_one_heatmap())
def test_merging_does_not_depend_on_order_or_grouping(parts):
    a, b, c = parts

    assert same(a.merge(b), b.merge(a))
    assert same(a.merge(b).merge(c), a.merge(b.merge(c)))
    assert same(a.merge(a), a)


def test_answers_that_contradict_one_another_are_not_merged():
    first = Heatmap(GRID, np.full((3, 5), 0.25, np.float32))
    second = Heatmap(GRID, np.full((3, 5), 0.5, np.float32))

    with pytest.raises(ValueError, match="15 that differ"):
        first.merge(second)


def test_heatmaps_of_two_grids_are_not_merged():
    other = Grid((0, 0), 4, 8, 3, 5)
    values = np.full((3, 5), np.nan, np.float32)

    with pytest.raises(ValueError, match="grids must be equal"):
        Heatmap(GRID, values).merge(Heatmap(other, values))


@given(
    edge=st.integers(1, 40),
    stride=st.integers(1, 40),
    width=st.integers(1, 200),
    height=st.integers(1, 200),
    seed=st.integers(0, 9),
)
def test_every_answer_is_at_its_place_and_the_rest_is_not_analysed(
    edge, stride, width, height, seed
):
    grid = Grid.inside(Box(3, 7, width, height), edge, stride)
    rng = np.random.default_rng(seed)
    corners = grid.corners()
    chosen = corners[rng.random(len(corners)) < 0.5]
    scores = rng.random(len(chosen), dtype=np.float32)
    shuffled = rng.permutation(len(chosen))

    heatmap = Heatmap.of(grid, chosen[shuffled], scores[shuffled])

    assert np.array_equal(heatmap.xy, chosen)
    assert np.array_equal(heatmap.scores, scores)
    assert np.isnan(heatmap.values).sum() == len(corners) - len(chosen)


def test_a_corner_off_the_grid_or_given_twice_is_refused():
    twice = np.array([[10, 20], [10, 20]], np.int64)
    off = np.array([[11, 20]], np.int64)

    with pytest.raises(ValueError, match="given once"):
        Heatmap.of(GRID, twice, np.zeros(2, np.float32))
    with pytest.raises(ValueError, match="on the grid"):
        Heatmap.of(GRID, off, np.zeros(1, np.float32))


@pytest.mark.parametrize("value", [-0.1, 1.1, np.inf])
def test_what_is_no_probability_is_refused(value):
    with pytest.raises(ValueError, match=r"in \[0, 1\] or NaN"):
        Heatmap(GRID, np.full((3, 5), value, np.float32))


def test_values_of_another_shape_or_type_are_refused():
    with pytest.raises(ValueError, match=r"\(3, 5\) float32"):
        Heatmap(GRID, np.zeros((5, 3), np.float32))
    with pytest.raises(ValueError, match="float64"):
        Heatmap(GRID, np.zeros((3, 5)))


def test_values_cannot_be_changed():
    heatmap = Heatmap(GRID, np.zeros((3, 5), np.float32))

    with pytest.raises(ValueError, match="read-only"):
        heatmap.values[0, 0] = 1


def test_the_top_patches_come_highest_first_and_ties_in_reading_order():
    xy = GRID.corners()[:4]
    heatmap = Heatmap.of(GRID, xy, np.array([0.5, 0.25, 0.75, 0.5], np.float32))

    corners, scores = heatmap.top(3)

    assert scores.tolist() == [0.75, 0.5, 0.5]
    assert corners.tolist() == [xy[2].tolist(), xy[0].tolist(), xy[3].tolist()]


def test_more_than_there_are_gives_all_there_are():
    heatmap = Heatmap.of(GRID, GRID.corners()[:2], np.zeros(2, np.float32))

    assert len(heatmap.top(99)[0]) == 2


@pytest.mark.parametrize(
    ("stride", "edge", "first"),
    [(8, 8, [10, 20, 18, 28]), (4, 8, [12, 22, 16, 26]), (8, 4, [8, 18, 16, 26])],
)
def test_cells_tile_the_slide_around_the_middles_of_the_patches(stride, edge, first):
    grid = Grid((10, 20), stride, edge, rows=2, columns=2)
    heatmap = Heatmap(grid, np.zeros((2, 2), np.float32))

    cells = heatmap.cells(np.array([0, 0, 1]), np.array([0, 1, 0]))

    assert cells[0].tolist() == first
    assert cells[1, 0] == cells[0, 2]
    assert cells[2, 1] == cells[0, 3]
