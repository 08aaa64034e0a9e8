from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from common.patch_file.schema import REASONS
from layer1_extract.config import FilterSettings
from layer1_extract.filtering import pixel_reasons


def patch(value, share):
    """A grey patch with a share of its 100 pixels at a value."""
    pixels = np.full((10, 10, 3), 128, np.uint8)
    pixels.reshape(-1, 3)[: round(100 * share)] = value
    return pixels[None]


@pytest.mark.parametrize(
    ("value", "share", "reason"),
    [
        (201, 0.70, 0),
        (201, 0.71, REASONS["white"]),
        (200, 1.0, 0),
        (29, 0.30, 0),
        (29, 0.31, REASONS["black"]),
        (30, 1.0, 0),
        ((255, 255, 200), 1.0, 0),
    ],
)
def test_white_and_black_are_shares_of_pixels_beyond_a_level(value, share, reason):
    assert pixel_reasons(patch(value, share), FilterSettings()).tolist() == [reason]


def test_the_levels_are_those_of_the_settings():
    settings = FilterSettings(white_level=255, black_level=0)

    assert pixel_reasons(patch(255, 1.0), settings).tolist() == [0]
    assert pixel_reasons(patch(0, 1.0), settings).tolist() == [0]


def test_each_patch_has_its_own_reason():
    patches = np.concatenate([patch(255, 1), patch(128, 1), patch(0, 1)])

    found = pixel_reasons(patches, FilterSettings())

    assert found.tolist() == [REASONS["white"], 0, REASONS["black"]]
    assert pixel_reasons(patches[:0], FilterSettings()).shape == (0,)


@given(
    values=hnp.arrays(np.uint8, (6, 5, 3)),
    white=st.integers(0, 255),
    black=st.integers(0, 255),
    most=st.floats(0, 1),
)
def test_the_fast_way_to_settle_a_patch_gives_what_counting_gives(values, white, black, most):
    settings = FilterSettings(
        white_level=white, black_level=black, max_white_fraction=most, max_black_fraction=most
    )
    pixels = values.reshape(-1, 3)
    bright = (pixels > white).all(axis=1).sum()
    dark = (pixels < black).all(axis=1).sum()

    expected = 0
    if dark > most * len(pixels):
        expected = REASONS["black"]
    if bright > most * len(pixels):
        expected = REASONS["white"]

    assert pixel_reasons(values[None], settings).tolist() == [expected]
