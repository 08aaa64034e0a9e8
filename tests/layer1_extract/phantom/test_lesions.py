from __future__ import annotations

import numpy as np
import pytest
import shapely

from layer1_extract.phantom.lesions import covered, find_site, grow_lesions, inside
from layer1_extract.phantom.planes import STEP
from layer1_extract.phantom.tissue import grow_tissue

SQUARE = np.array([[80.0, 80.0], [160.0, 80.0], [160.0, 160.0], [80.0, 160.0]])


@pytest.fixture(params=range(6))
def grown(request):
    rng = np.random.default_rng(request.param)
    depth = grow_tissue(rng, 4096).depth
    return depth, grow_lesions(rng, depth)


def test_regions_are_simple_apart_and_rounded_to_a_tenth(grown):
    _, lesions = grown
    regions = [shapely.Polygon(lesion) for lesion in lesions]

    assert 1 <= len(regions) <= 3
    assert all(region.is_valid for region in regions)
    assert shapely.union_all(regions).area == pytest.approx(sum(r.area for r in regions))
    assert all(np.array_equal(lesion, lesion.round(1)) for lesion in lesions)


def test_regions_lie_in_tissue_and_take_a_twentieth_to_a_quarter_of_it(grown):
    depth, lesions = grown
    tissue_px = np.count_nonzero(depth.values > 0) * STEP**2

    assert all(depth.at(lesion).min() > 0 for lesion in lesions)
    assert 0.05 <= sum(shapely.Polygon(lesion).area for lesion in lesions) / tissue_px <= 0.25


def test_regions_are_large_enough_for_many_patches(grown):
    assert min(np.ptp(lesion, axis=0).min() for lesion in grown[1]) > 600


def test_a_site_has_room_or_is_made_smaller():
    room = np.zeros((20, 20), np.float32)
    room[5, 7] = 100

    site = find_site(np.random.default_rng(0), room, radius=500, reach=1.25)

    assert (site.x, site.y) == (7.5 * STEP, 5.5 * STEP)
    assert 0 < site.radius * 1.25 < 100


def test_points_belong_by_where_they_lie_and_without_regions_none_does():
    xy = np.array([[120.0, 120.0], [79.0, 120.0]])

    assert inside((SQUARE,), xy).tolist() == [True, False]
    assert inside((), xy).tolist() == [False, False]


def test_the_covered_values_are_those_under_the_polygon():
    mask = covered([SQUARE], (30, 30))

    assert mask[15, 15]
    assert not mask[5, 15]
    assert not covered([], (30, 30)).any()
