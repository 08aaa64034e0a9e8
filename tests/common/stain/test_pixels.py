from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stained_tissue import tissue

from common.stain.pixels import DENSITY, LEAST_PIXELS, StainError, tissue_pixels


def test_glass_and_black_are_no_tissue():
    patches = tissue()
    patches[:, 8:16] = 10

    found = tissue_pixels(patches)

    assert (DENSITY[found].mean(axis=1) > 0.25).all()
    assert (found.max(axis=1) > 15).all()


@given(order=st.permutations(range(4)))
def test_nothing_depends_on_the_order_of_the_patches(order):
    patches = tissue(count=4, size=32)

    assert np.array_equal(tissue_pixels(patches[list(order)]), tissue_pixels(patches))


@pytest.mark.parametrize("level", [0, 215, 243, 255])
def test_patches_without_tissue_are_refused(level):
    with pytest.raises(StainError, match="0 of 16384 pixels looked at are tissue, fewer than 1000"):
        tissue_pixels(np.full((4, 64, 64, 3), level, np.uint8))


def test_no_patches_at_all_are_refused():
    with pytest.raises(StainError, match="0 of 0 pixels"):
        tissue_pixels(np.empty((0, 8, 8, 3), np.uint8))


def test_of_many_large_patches_a_bounded_number_of_pixels_is_taken():
    patches = np.full((40, 256, 256, 3), 100, np.uint8)

    assert LEAST_PIXELS < len(tissue_pixels(patches)) <= 1 << 18
