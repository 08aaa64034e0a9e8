from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.geometry import Pyramid
from common.patches import PatchSpec
from common.resampling import Cut, reduced

SIDES = st.integers(64, 200_000)


@st.composite
def pyramids(draw):
    width, height = draw(SIDES), draw(SIDES)
    factors = draw(st.lists(st.floats(1.1, 40), max_size=3).map(sorted))
    smaller = [(max(1, int(width / f)), max(1, int(height / f))) for f in factors]
    return Pyramid(((width, height), *smaller), draw(st.floats(0.1, 2)))


def test_a_scale_the_slide_holds_is_read_unscaled():
    slide = Pyramid(((8192, 8192), (2048, 2048)), mpp=0.25)

    assert Cut.of(slide, PatchSpec(224, 0.25)) == Cut(0, 224, 1.0)
    assert Cut.of(slide, PatchSpec(224, 1.0)) == Cut(1, 224, 4.0)


def test_a_scale_between_two_levels_is_read_from_the_finer():
    slide = Pyramid(((8192, 8192), (2048, 2048)), mpp=0.25)

    assert Cut.of(slide, PatchSpec(100, 2.0)) == Cut(1, 200, 4.0)


@given(pyramids(), st.integers(1, 512), st.floats(1, 30))
def test_a_cut_covers_as_much_tissue_as_its_patch(pyramid, size, coarser):
    spec = PatchSpec(size, pyramid.mpp * coarser).on(pyramid)
    cut = Cut.of(pyramid, spec)

    assert cut.edge >= 1
    covered = cut.edge * cut.downsample * pyramid.mpp
    assert abs(covered - size * spec.mpp) <= (cut.downsample + 1) * pyramid.mpp


@given(pyramids(), st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6), st.data())
def test_a_corner_goes_to_the_nearest_pixel_of_its_level(pyramid, x, y, data):
    level = data.draw(st.integers(0, len(pyramid.sizes) - 1))
    cut = Cut(level, 1, pyramid.downsample(level))
    xy = np.array([[x, y]], dtype=np.int64)

    on_level = cut.on_level(xy)

    assert on_level.dtype == np.int64
    assert np.abs(on_level * cut.downsample - xy).max() <= cut.downsample / 2 + 1e-6


@given(st.integers(1, 64), st.integers(-10_000, 10_000))
def test_where_a_level_pixel_begins_on_one_of_level_0_the_way_there_and_back_is_none(factor, at):
    cut = Cut(1, 1, float(factor))
    corner = np.array([[at, -at]], dtype=np.int64)

    assert np.array_equal(cut.on_level(cut.on_level0(corner)), corner)


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (3, 2), (4, 4)])
def test_reduction_by_a_whole_number_is_the_mean_of_each_block(rows, columns):
    region = np.random.default_rng(0).integers(0, 256, (12, 8, 3), dtype=np.uint8)

    image = reduced(region, (columns, rows))

    blocks = region.reshape(rows, 12 // rows, columns, 8 // columns, 3).astype(float)
    assert np.abs(image - blocks.mean(axis=(1, 3))).max() <= 0.51
    assert (image.shape, image.dtype) == ((rows, columns, 3), np.uint8)


@given(st.integers(0, 255), st.integers(1, 40), st.integers(1, 40))
def test_one_colour_stays_that_colour(colour, edge, size):
    region = np.full((edge, edge, 3), colour, dtype=np.uint8)

    assert (reduced(region, (min(size, edge), min(size, edge))) == colour).all()


@given(downsample=st.floats(1, 64), start=st.integers(0, 100_000))
def test_a_start_on_level_0_lies_before_and_hardly_beside_it(downsample, start):
    aligned = Cut(1, 224, downsample).aligned(start)

    if aligned is not None:
        off = abs(round(aligned * downsample) / downsample - aligned)
        assert start - 512 < aligned <= start
        assert off <= 1 / 1000
