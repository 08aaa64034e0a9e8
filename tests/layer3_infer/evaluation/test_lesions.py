from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage.measure import label, regionprops

from common.annotations.shapes import merged
from layer3_infer.evaluation.lesions import (
    extent,
    extents_um,
    find_lesions,
    kind_of,
    major_axis,
    slide_class,
)

MPP = 0.5
WIDE = 1200
"""Edge of the raster of these tests, px of 1 um."""


def square(x, y, edge):
    return shapely.box(x, y, x + edge, y + edge)


def tumor(*parts):
    return merged(parts)


def rastered(areas):
    """Tumour on a raster of 1 um: which pixels have their centre in one of `areas`, um."""
    y, x = np.mgrid[:WIDE, :WIDE] + 0.5
    return shapely.contains_xy(areas, x, y)


def evaluation_mask(mask):
    """Lesions as CAMELYON16's program labels them, on pixels of 1 um."""
    grown = ndimage.distance_transform_edt(~mask) < 37.5
    return label(ndimage.binary_fill_holes(grown), connectivity=2)


def test_pieces_nearer_than_75_um_are_one_lesion_and_others_are_not():
    near = tumor(square(0, 0, 100), square(100 + 149, 0, 100))
    far = tumor(square(0, 0, 100), square(100 + 151, 0, 100))

    assert [len(find_lesions(both, MPP)) for both in (near, far)] == [1, 2]


def test_pieces_that_touch_once_grown_are_one_lesion():
    (one,) = find_lesions(tumor(square(0, 0, 100), square(250, 0, 100)), MPP)

    assert one.extent_um == pytest.approx(np.hypot(350, 100) * MPP)


def test_what_lies_in_a_hole_belongs_to_the_lesion_around_it():
    ring = square(0, 0, 2000).difference(square(400, 400, 1200))
    island = square(950, 950, 100)

    (one,) = find_lesions(tumor(ring, island), MPP)

    assert one.area.contains(shapely.Point(600, 600))
    assert one.extent_um == pytest.approx(np.hypot(2000, 2000) * MPP)


def test_a_slide_without_tumour_has_no_lesion():
    assert find_lesions(shapely.MultiPolygon(), MPP) == []
    assert slide_class([]) == "negative"


def test_lesions_come_from_top_to_bottom_then_from_left_to_right():
    found = find_lesions(tumor(square(900, 900, 50), square(900, 0, 50), square(0, 900, 50)), MPP)

    corners = [tuple(np.round(lesion.area.bounds[:2]) + 75) for lesion in found]
    assert corners == [(900, 0), (0, 900), (900, 900)]


@pytest.mark.parametrize(
    ("extent_um", "kind"),
    [(199.9, "itc"), (200, "itc"), (200.1, "micro"), (2000, "micro"), (2000.1, "macro")],
)
def test_a_lesion_is_named_by_its_extent_in_millimetres(extent_um, kind):
    assert kind_of(extent_um) == kind


def test_a_slide_is_of_the_class_of_its_largest_lesion():
    lesions = find_lesions(tumor(square(0, 0, 100), square(2000, 0, 500)), MPP)

    extents = [lesion.extent_um for lesion in lesions]
    assert [kind_of(one) for one in extents] == ["itc", "micro"]
    assert slide_class(extents) == "micro"


@pytest.mark.parametrize(("mpp", "kind"), [(0.25, "itc"), (0.5, "micro"), (4, "macro")])
def test_the_same_outline_is_larger_at_a_coarser_scale(mpp, kind):
    (lesion,) = find_lesions(tumor(square(0, 0, 500)), mpp)

    assert kind_of(lesion.extent_um) == kind


corners = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=3, max_size=12, unique=True
)


@settings(deadline=None, max_examples=40)
@given(corners)
def test_extent_is_the_greatest_distance_between_any_two_corners(points):
    cloud = shapely.MultiPoint(points)

    greatest = max(np.hypot(a - c, b - d) for a, b in points for c, d in points)

    assert extent([cloud]) == pytest.approx(greatest)


@pytest.mark.parametrize("seed", range(4))
def test_the_major_axis_is_that_of_the_pixels_inside(seed):
    rng = np.random.default_rng(seed)
    area = shapely.MultiPoint(rng.uniform(100, 1100, (8, 2))).convex_hull

    (region,) = regionprops(rastered(area).astype(np.uint8))

    assert major_axis(area) == pytest.approx(region.axis_major_length, abs=1)
    assert major_axis(shapely.reverse(area)) == pytest.approx(major_axis(area))


@pytest.mark.parametrize("seed", range(6))
def test_lesions_are_those_of_the_official_mask(seed):
    """Squares on a coarse grid, so that no two are about 75 um apart."""
    rng = np.random.default_rng(seed)
    places = rng.choice(25, size=9, replace=False)
    squares = [
        square(110 + 200 * (n % 5), 110 + 200 * (n // 5), e)
        for n, e in zip(places, rng.choice([20, 60, 150, 190], 9), strict=True)
    ]
    area = tumor(*squares)

    labels = evaluation_mask(rastered(area))
    found = find_lesions(
        shapely.MultiPolygon(
            [shapely.transform(p, lambda c: c / MPP) for p in shapely.get_parts(area)]
        ),
        MPP,
    )

    regions = regionprops(labels)
    assert len(found) == len(regions)
    assert sorted(lesion.major_axis_um for lesion in found) == pytest.approx(
        sorted(region.axis_major_length for region in regions), abs=2
    )


@pytest.mark.parametrize("seed", range(4))
def test_extents_alone_are_those_of_the_lesions(seed):
    """On squares that hold no other in a hole."""
    rng = np.random.default_rng(seed)
    parts = [square(300 * x, 300 * y, rng.choice([50, 140, 160, 290])) for x, y in np.ndindex(5, 5)]

    alone = extents_um(parts, MPP)

    lesions = find_lesions(tumor(*parts), MPP)
    assert sorted(alone) == pytest.approx(sorted(lesion.extent_um for lesion in lesions))
    assert extents_um([], MPP) == []
