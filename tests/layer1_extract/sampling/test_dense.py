from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from common.geometry import Pyramid
from common.grid import Grid
from common.patches import PatchSpec
from common.tissue import TissueMask
from layer1_extract.sampling import dense
from layer1_extract.sampling.dense import dense_grid, part_rows, row_weights

weights = arrays.arrays(np.int64, st.integers(0, 60), elements=st.integers(0, 500))
counts = st.integers(1, 20)

SLIDE = Pyramid(((1000, 800),), mpp=0.5)


def test_the_stride_is_in_pixels_of_the_patch():
    grid = dense_grid(SLIDE, PatchSpec(100, 1.0), stride=50)

    assert (grid.edge, grid.stride) == (200, 100)
    assert (grid.columns, grid.rows) == (9, 7)


def test_without_a_stride_patches_stand_side_by_side():
    grid = dense_grid(SLIDE, PatchSpec(100, 1.0), stride=None)

    assert grid.stride == grid.edge == 200


def test_the_scale_of_the_slide_is_kept_within_two_percent():
    assert dense_grid(SLIDE, PatchSpec(100, 0.505), stride=100).stride == 100


@given(weights=weights, parts=counts)
def test_every_row_is_in_exactly_one_part_in_order(weights, parts):
    cuts = [part_rows(weights, part, parts) for part in range(parts)]

    assert [row for first, last in cuts for row in range(first, last)] == list(range(len(weights)))
    assert all(first <= last for first, last in cuts)


@given(weights=weights, parts=counts)
def test_no_part_has_more_than_an_even_share_and_one_row(weights, parts):
    shares = [weights[slice(*part_rows(weights, part, parts))].sum() for part in range(parts)]

    assert max(shares) <= weights.sum() / parts + weights.max(initial=0)


@given(rows=st.integers(0, 60), parts=counts)
def test_without_any_tissue_the_parts_have_equal_numbers_of_rows(rows, parts):
    cuts = [part_rows(np.zeros(rows, np.int64), part, parts) for part in range(parts)]

    lengths = [last - first for first, last in cuts]
    assert max(lengths) - min(lengths) <= 1 + (rows < parts)
    assert sum(lengths) == rows


def test_a_part_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="part must be 0 to 2, got 3"):
        part_rows(np.ones(9, np.int64), 3, 3)


@pytest.mark.parametrize("corners", [1, 40, 1 << 18])
def test_the_work_of_a_row_is_its_patches_with_tissue(monkeypatch, corners):
    monkeypatch.setattr(dense, "_CORNERS", corners)
    tissue = np.random.default_rng(0).random((40, 50)) > 0.97
    mask = TissueMask(tissue, 500, 400)
    grid = Grid((0, 0), 30, 40, 12, 15)

    found = row_weights(mask, grid)

    covered = mask.coverage(grid.corners(), 40) > 0
    assert found.tolist() == covered.reshape(12, 15).sum(axis=1).tolist()
    assert 0 < found.sum() < 180


def test_a_slide_smaller_than_a_patch_has_no_rows():
    mask = TissueMask(np.ones((4, 4), bool), 40, 40)

    assert row_weights(mask, Grid((0, 0), 50, 50, 0, 0)).tolist() == []
