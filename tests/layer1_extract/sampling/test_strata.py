from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from common.annotations import Annotations
from common.truth import Truth
from layer1_extract.config import RandomSampling
from layer1_extract.sampling.strata import Regions, quotas, shortfall, strata_of

FAR_APART = [shapely.box(100 * i, 10 * i, 100 * i + 20 + i, 10 * i + 30) for i in range(5)]
numbers = st.integers(1, 60)


def truth_with(regions):
    tumor = shapely.MultiPolygon(FAR_APART[:regions])
    return Truth(bool(regions), Annotations(tumor, {}, {}))


def sampling(per_class, strata="region", draws=1):
    return RandomSampling(per_class=per_class, strata=strata, draws=min(draws, per_class))


@given(order=st.permutations(range(5)))
def test_the_number_of_a_region_follows_from_its_place_alone(order):
    one = Regions.of(shapely.MultiPolygon(FAR_APART))
    other = Regions.of(shapely.MultiPolygon([FAR_APART[i].reverse() for i in order]))
    points = np.array([[100 * i + 5, 10 * i + 5] for i in range(5)], np.float64)

    assert one.nearest(points).tolist() == other.nearest(points).tolist() == [0, 1, 2, 3, 4]


@given(x=st.integers(-50, 500), y=st.integers(-50, 120))
def test_a_patch_counts_for_the_region_nearest_to_its_centre(x, y):
    regions = Regions.of(shapely.MultiPolygon(FAR_APART))
    (found,) = regions.nearest(np.array([[x, y]], np.float64)).tolist()

    distances = [shapely.Point(x, y).distance(area) for area in FAR_APART]
    assert FAR_APART[found].distance(shapely.Point(x, y)) == min(distances)


def test_a_region_of_many_vertices_is_still_one():
    wave = [(x, 50 + 20 * np.sin(x)) for x in np.linspace(0, 1000, 4000)]
    area = shapely.make_valid(shapely.Polygon([(0, 0), *wave, (1000, 0)]))
    regions = Regions.of(shapely.MultiPolygon([area]))

    assert len(regions.region) > 10
    assert regions.nearest(np.array([[500.0, 5.0], [20, 20], [5000, 10]])).tolist() == [0, 0, 0]


def test_only_tumour_has_a_stratum_that_is_not_its_label():
    regions = Regions.of(shapely.MultiPolygon(FAR_APART[:2]))
    labels = np.array([0, 1, -1, 1, -2], np.int8)
    centres = np.array([[5, 5], [5, 5], [5, 5], [105, 15], [105, 15]], np.float64)

    by_region = strata_of(labels, centres, regions)

    assert by_region.dtype == np.int32
    assert by_region.tolist() == [0, 1, -1, 2, -2]
    assert strata_of(labels, centres, None).tolist() == labels.tolist()


@given(
    per_class=numbers,
    regions=st.integers(0, 5),
    draws=numbers,
    strata=st.sampled_from(["class", "region"]),
)
def test_the_quotas_of_the_draws_add_up_to_that_of_the_sample(per_class, regions, draws, strata):
    wanted = sampling(per_class, strata, draws)
    truth = truth_with(regions)

    each = [quotas(truth, wanted, draw) for draw in range(wanted.draws)]

    whole = quotas(truth, wanted)
    total = Counter(dict.fromkeys(whole, 0))
    for one in each:
        total.update(one)
        assert one.keys() == whole.keys()
    assert dict(total) == whole
    for stratum in whole:
        assert max(one[stratum] for one in each) - min(one[stratum] for one in each) <= 1


@given(per_class=numbers, regions=st.integers(1, 5))
def test_regions_share_the_quota_of_tumour_evenly(per_class, regions):
    whole = quotas(truth_with(regions), sampling(per_class))

    tumor = {stratum: quota for stratum, quota in whole.items() if stratum >= 1}
    assert whole[0] == per_class
    assert sorted(tumor) == list(range(1, regions + 1))
    assert len(set(tumor.values())) == 1
    assert per_class <= sum(tumor.values()) < per_class + regions


def test_small_shares_of_many_regions_do_not_all_fall_to_the_first_draw():
    each = [quotas(truth_with(5), sampling(5, draws=5), draw) for draw in range(5)]

    assert [sum(quota for stratum, quota in one.items() if stratum) for one in each] == [1] * 5


@pytest.mark.parametrize(
    ("truth", "classes"), [(Truth(positive=False), [0]), (Truth(), [-1]), (Truth(True), [-1])]
)
def test_a_slide_without_regions_has_a_quota_per_class(truth, classes):
    for strata in ("class", "region"):
        assert quotas(truth, sampling(7, strata)) == dict.fromkeys(classes, 7)


@given(quota=numbers, kept=st.integers(0, 60))
def test_a_shortfall_is_said_exactly_where_there_is_one(quota, kept):
    text = shortfall({0: quota}, {0: kept})

    assert bool(text) == (kept < quota)
    assert (f"{kept} of {quota} normal" in text) == (kept < quota)


def test_regions_without_their_share_are_counted_not_listed():
    text = shortfall({0: 9, 1: 3, 2: 3, 3: 3}, {0: 9, 1: 3, 3: 2})

    assert text == (
        "the slide holds no more: 5 of 9 tumor (2 of 3 regions without its share) patches"
    )
