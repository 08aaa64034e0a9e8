from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layer1_extract.sampling.thinning import thinned

places = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=80)
distances = st.integers(0, 90)


def array(xy):
    return np.array(xy, np.int64).reshape(-1, 2)


def one_by_one(xy, distance):
    """The rule as it is stated: all pairs, in order."""
    stay = []
    for row, place in enumerate(xy):
        if all(((place - xy[other]) ** 2).sum() >= distance**2 for other in stay):
            stay.append(row)
    return stay


@given(xy=places, distance=distances)
def test_the_result_is_that_of_the_loop_over_all_pairs(xy, distance):
    assert thinned(array(xy), distance).tolist() == one_by_one(array(xy), distance)


@given(xy=places, distance=distances)
def test_what_stays_would_stay_again(xy, distance):
    once = array(xy)[thinned(array(xy), distance)]

    assert len(thinned(once, distance)) == len(once)


@given(xy=places, distance=distances, shift=st.integers(-(10**7), 10**7))
def test_only_distances_count_not_where_on_the_slide(xy, distance, shift):
    moved = array(xy) + shift

    assert np.array_equal(thinned(moved, distance), thinned(array(xy), distance))


@pytest.mark.parametrize(
    ("distance", "stay"), [(0, [0, 1, 2, 3]), (1, [0, 2, 3]), (5, [0, 2, 3]), (6, [0, 3])]
)
def test_the_least_distance_itself_is_far_enough(distance, stay):
    xy = array([(0, 0), (0, 0), (3, 4), (10, 0)])

    assert thinned(xy, distance).tolist() == stay


@pytest.mark.parametrize("distance", [3, 40, 500])
def test_a_slide_full_of_tissue_keeps_only_what_is_far_enough_apart(distance):
    rng = np.random.default_rng(0)
    xy = rng.integers(0, 4000, (60_000, 2))

    left = xy[thinned(xy, distance)]

    ordered = left[np.lexsort(left.T)]
    for step in range(1, min(len(ordered), 200)):
        away = ordered[step:] - ordered[:-step]
        assert ((away**2).sum(axis=1) >= distance**2).all()
