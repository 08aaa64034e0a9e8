from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.geometry import Box, Pyramid, same_scale

scales = st.floats(0.1, 20)


def pyramids():
    return st.builds(
        lambda edge, halvings, mpp: Pyramid(
            tuple((edge >> i, edge >> i) for i in range(halvings)), mpp
        ),
        edge=st.integers(1 << 10, 1 << 17),
        halvings=st.integers(1, 8),
        mpp=st.floats(0.1, 1),
    )


@given(slide=pyramids(), mpp=scales)
def test_a_finer_level_is_never_passed_over_for_one_too_coarse(slide, mpp):
    level = slide.level_for(mpp)

    assert level == 0 or slide.level_mpp(level) <= mpp * 1.02


@given(slide=pyramids(), mpp=scales)
def test_the_coarsest_level_that_is_fine_enough_is_taken(slide, mpp):
    coarser = range(slide.level_for(mpp) + 1, len(slide.sizes))

    assert all(slide.level_mpp(level) > mpp * 1.02 for level in coarser)


def test_two_percent_is_the_same_scale():
    assert same_scale(0.2548, 0.25)
    assert not same_scale(0.2552, 0.25)


def test_the_downsample_is_the_mean_of_both_axes():
    slide = Pyramid(((1001, 1000), (500, 500)), mpp=0.5)

    assert slide.downsample(1) == pytest.approx(2.001)


@pytest.mark.parametrize("size", [(0, 1), (1, 0), (-1, 5)])
def test_an_empty_box_is_refused(size):
    with pytest.raises(ValueError, match="at least 1 x 1"):
        Box(0, 0, *size)


@pytest.mark.parametrize(("sizes", "mpp"), [((), 0.5), (((0, 4),), 0.5), (((4, 4),), 0.0)])
def test_a_pyramid_without_pixels_or_scale_is_refused(sizes, mpp):
    with pytest.raises(ValueError, match="must be"):
        Pyramid(sizes, mpp)
