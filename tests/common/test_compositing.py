from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.compositing import on_white

BYTE = st.integers(0, 255)


def pixel(*values):
    return np.array([[values]], dtype=np.uint8)


@given(st.tuples(BYTE, BYTE, BYTE))
def test_an_opaque_pixel_keeps_its_colour(colour):
    assert on_white(pixel(*colour, 255)).tolist() == [[list(colour)]]


@given(st.tuples(BYTE, BYTE, BYTE))
def test_a_transparent_pixel_is_white_whatever_its_colour(colour):
    assert on_white(pixel(*colour, 0)).tolist() == [[[255, 255, 255]]]


@given(BYTE, BYTE)
def test_the_less_opaque_the_nearer_to_white(value, alpha):
    (found,) = set(on_white(pixel(value, value, value, alpha)).ravel().tolist())

    assert found == pytest.approx(255 - (255 - value) * alpha / 255, abs=0.51)


def test_each_pixel_has_its_own_alpha():
    image = np.concatenate([pixel(10, 20, 30, 255), pixel(10, 20, 30, 0)], axis=1)

    assert on_white(image).tolist() == [[[10, 20, 30], [255, 255, 255]]]


@pytest.mark.parametrize("shape", [(0, 0, 4), (2, 3, 4)])
def test_the_result_is_contiguous_and_keeps_the_size(shape):
    found = on_white(np.full(shape, 255, dtype=np.uint8))

    assert found.shape == (*shape[:2], 3)
    assert found.flags.c_contiguous
