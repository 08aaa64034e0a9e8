from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.geometry import Pyramid
from common.patches import Locations, PatchSpec


def test_specs_within_two_percent_agree():
    assert PatchSpec(224, 0.25).agrees(PatchSpec(224, 0.2549))
    assert not PatchSpec(224, 0.25).agrees(PatchSpec(224, 0.26))
    assert not PatchSpec(224, 0.25).agrees(PatchSpec(96, 0.25))


def test_a_level_within_two_percent_is_read_unscaled_with_its_true_scale():
    slide = Pyramid(((1000, 1000), (500, 500)), mpp=0.2456)

    assert PatchSpec(100, 0.25).on(slide) == PatchSpec(100, 0.2456)
    assert PatchSpec(100, 0.25).edge_on(slide) == 100
    assert PatchSpec(100, 0.5).edge_on(slide) == 200


def test_another_scale_stays_as_asked():
    slide = Pyramid(((1000, 1000),), mpp=0.25)

    assert PatchSpec(100, 0.4).on(slide) == PatchSpec(100, 0.4)
    assert PatchSpec(100, 0.4).edge_on(slide) == 160


@given(size=st.integers(1, 500), mpp=st.floats(0.25, 16))
def test_the_edge_on_the_slide_shows_the_asked_length_to_one_pixel_or_two_percent(size, mpp):
    slide = Pyramid(((1 << 16, 1 << 16),), mpp=0.25)

    asked_um, shown_um = size * mpp, PatchSpec(size, mpp).edge_on(slide) * slide.mpp

    assert abs(shown_um - asked_um) <= max(slide.mpp, 0.02 * asked_um)


@pytest.mark.parametrize(("size", "mpp"), [(0, 0.5), (5, 0), (5, -1), (5, float("nan"))])
def test_a_patch_without_extent_or_scale_is_refused(size, mpp):
    with pytest.raises(ValueError, match="must be"):
        PatchSpec(size, mpp)


@pytest.mark.parametrize(
    "xy", [np.zeros((3, 2)), np.zeros((3, 3), np.int64), np.zeros(2, np.int64)]
)
def test_locations_of_another_shape_or_type_are_refused(xy):
    with pytest.raises(ValueError, match=r"\(N, 2\) int64"):
        Locations("s", PatchSpec(1, 1), xy)


def test_locations_cannot_be_changed():
    locations = Locations("s", PatchSpec(1, 1), np.zeros((1, 2), np.int64))

    with pytest.raises(ValueError, match="read-only"):
        locations.xy[0] = 5
