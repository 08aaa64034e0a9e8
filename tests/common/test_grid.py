from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.geometry import Box
from common.grid import Grid

pixels = st.integers(min_value=1, max_value=2_000)
boxes = st.builds(Box, x=pixels, y=pixels, width=pixels, height=pixels)
strides = st.integers(min_value=50, max_value=2_000)


@given(bounds=boxes, edge=pixels, stride=strides)
def test_every_patch_lies_wholly_inside_the_bounds(bounds, edge, stride):
    x, y = Grid.inside(bounds, edge, stride).corners().T

    assert np.all(x >= bounds.x)
    assert np.all(y >= bounds.y)
    assert np.all(x + edge <= bounds.x + bounds.width)
    assert np.all(y + edge <= bounds.y + bounds.height)


@given(bounds=boxes, edge=pixels, stride=strides)
def test_one_more_row_or_column_would_leave_the_bounds(bounds, edge, stride):
    grid = Grid.inside(bounds, edge, stride)

    assert grid.columns * stride + edge > bounds.width
    assert grid.rows * stride + edge > bounds.height


@given(bounds=boxes, edge=pixels, stride=strides)
def test_the_cells_of_the_corners_are_the_lattice_in_reading_order(bounds, edge, stride):
    grid = Grid.inside(bounds, edge, stride)

    rows, columns = grid.cells(grid.corners())

    assert (rows * grid.columns + columns).tolist() == list(range(grid.rows * grid.columns))


def test_reads_by_row_then_by_column():
    corners = Grid.inside(Box(0, 0, 400, 400), edge=200, stride=200).corners()

    assert corners.tolist() == [[0, 0], [200, 0], [0, 200], [200, 200]]


@pytest.mark.parametrize("corner", [(1, 0), (0, 400), (-200, 0)])
def test_a_corner_off_the_lattice_is_refused(corner):
    grid = Grid.inside(Box(0, 0, 400, 400), edge=200, stride=200)

    with pytest.raises(ValueError, match="on the grid"):
        grid.cells(np.array([corner], dtype=np.int64))


def test_a_grid_without_extent_is_refused():
    with pytest.raises(ValueError, match="at least 1 px"):
        Grid.inside(Box(0, 0, 4, 4), edge=2, stride=0)
