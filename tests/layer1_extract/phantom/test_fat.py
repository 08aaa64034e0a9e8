from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.geometry import Box
from layer1_extract.phantom.fat import fat_depth, grow_fat, in_fat

DISC = np.array([[100.0, 60.0, 40.0]])


@pytest.mark.parametrize(("size", "clusters"), [(1024, 1), (8192, 8)])
def test_vacuoles_keep_a_border_between_them(size, clusters):
    vacuoles = grow_fat(np.random.default_rng(0), np.full((size // 8, size // 8), 900.0), size)

    apart = np.hypot(*(vacuoles[:, None, :2] - vacuoles[:, :2]).transpose(2, 0, 1))
    gap = apart - vacuoles[:, 2] - vacuoles[:, None, 2]
    assert len(vacuoles) >= 5 * clusters
    assert gap[~np.eye(len(gap), dtype=bool)].min() > 2.9


def test_depth_is_positive_in_a_vacuole_and_zero_on_its_border():
    depth = fat_depth(DISC, Box(0, 0, 200, 200))

    assert depth[60, 100] == pytest.approx(40, abs=1)
    assert abs(depth[60, 140]) < 1
    assert depth[199, 0] == -100


@given(x=st.integers(0, 150), y=st.integers(0, 150))
def test_a_box_shows_its_part_of_the_whole(x, y):
    whole = fat_depth(DISC, Box(0, 0, 200, 200))

    np.testing.assert_array_equal(fat_depth(DISC, Box(x, y, 50, 50)), whole[y : y + 50, x : x + 50])


def test_points_near_a_vacuole_are_in_fat_by_the_margin():
    xy = np.array([[100.0, 60.0], [145.0, 60.0], [160.0, 60.0]])

    assert in_fat(DISC, xy, 10).tolist() == [True, True, False]
    assert in_fat(np.empty((0, 3)), xy, 10).tolist() == [False, False, False]
