from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.geometry import Box
from layer1_extract.phantom.planes import (
    STEP,
    Plane,
    Texture,
    clouds,
    distance_to,
    soft_step,
    texture,
)

SIZE = 32 * STEP
FIELDS = (
    Plane(np.random.default_rng(0).random((32, 32), dtype=np.float32)),
    Texture(np.random.default_rng(1).random((37, 37), dtype=np.float32)),
)


@pytest.mark.parametrize("field", FIELDS)
@given(
    x=st.integers(0, SIZE - 2),
    y=st.integers(0, SIZE - 2),
    width=st.integers(1, 60),
    height=st.integers(1, 60),
)
def test_a_box_shows_its_part_of_the_whole(field, x, y, width, height):
    whole = field.on(Box(0, 0, SIZE + 60, SIZE + 60))

    part = field.on(Box(x, y, width, height))

    np.testing.assert_array_equal(part, whole[y : y + height, x : x + width])


def test_a_plane_is_level_between_equal_values_and_reached_by_points():
    values = np.zeros((4, 4), np.float32)
    values[2, 3] = 7
    plane = Plane(values)

    assert plane.at(np.array([[3.5 * STEP, 2.5 * STEP], [0.0, 0.0], [9e9, 9e9]])).tolist() == [
        7,
        0,
        0,
    ]
    assert plane.on(Box(0, 0, STEP, STEP)).max() == 0


def test_a_texture_repeats_without_a_seam():
    noise = texture(np.random.default_rng(0), 64, 3.0)
    across = noise.on(Box(0, 0, 128, 1))[0]

    assert across[:64].tolist() == across[64:].tolist()
    assert np.abs(np.diff(across)).max() < 1
    assert noise.values.std() == pytest.approx(1, abs=1e-3)


def test_clouds_are_smooth_and_of_unit_spread():
    field = clouds(np.random.default_rng(0), 128, 400.0)

    assert field.shape == (128, 128)
    assert field.std() == pytest.approx(1, abs=1e-3)
    assert np.abs(np.diff(field, axis=1)).max() < 1


@given(value=st.floats(-10, 10), width=st.floats(0.1, 5))
def test_a_soft_step_rises_from_nothing_to_one(value, width):
    low, high = soft_step(np.float32([-value, value]), width)

    assert 0 <= low <= 1
    assert low + high == pytest.approx(1, abs=1e-5)


def test_distances_are_in_level_0_pixels():
    mask = np.zeros((5, 5), bool)
    mask[0, 0] = True

    assert distance_to(mask)[0, 3] == 3 * STEP
    assert distance_to(np.zeros((5, 5), bool)).min() > 5 * STEP
