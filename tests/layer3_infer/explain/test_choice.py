from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import ConfigError
from layer3_infer.explain.choice import at_places, highest, least_sure, numbered

COORDS = np.array([[0, 0], [48, 0], [96, 0], [0, 300]], np.int64)
SCORES = st.lists(st.floats(0, 1, width=32), max_size=12).map(lambda v: np.array(v, np.float32))


@given(SCORES, st.integers(1, 5))
def test_nothing_left_out_is_more_suspect_than_what_is_chosen(scores, count):
    rows = highest(scores, count)

    assert len(rows) == min(count, len(scores))
    rest = np.delete(scores, rows)
    assert not len(rest) or rest.max() <= scores[rows].min()


@given(SCORES, st.integers(1, 5), st.floats(0, 1))
def test_nothing_left_out_is_closer_to_the_threshold_than_what_is_chosen(scores, count, threshold):
    rows = least_sure(scores, count, threshold)

    away = np.abs(scores.astype(np.float64) - threshold)
    assert (np.diff(away[rows]) >= 0).all()
    rest = np.delete(away, rows)
    assert not len(rest) or rest.min() >= away[rows].max()


def test_equal_answers_go_by_number():
    assert highest(np.full(3, 0.5, np.float32), 2).tolist() == [0, 1]
    assert least_sure(np.array([0.25, 0.75], np.float32), 2, 0.5).tolist() == [0, 1]


def test_a_place_is_a_corner_or_else_inside_the_patch_whose_middle_is_nearest():
    places = [(48, 0), (60, 50), (95, 95), (0, 395)]

    assert [at_places(COORDS, 96, [place]).tolist() for place in places] == [[1], [0], [1], [3]]


def test_places_in_one_patch_name_it_once_where_it_is_first_named():
    assert at_places(COORDS, 96, [(0, 395), (48, 0), (95, 95), (0, 301)]).tolist() == [3, 1]


@pytest.mark.parametrize("place", [(400, 0), (0, 200), (-1, 0), (192, 0)])
def test_a_place_in_no_patch_is_refused_with_the_nearest(place):
    with pytest.raises(ConfigError, match="found .* The nearest patch has its corner at"):
        at_places(COORDS, 96, [place])


def test_a_slide_without_patches_has_no_place():
    with pytest.raises(ConfigError, match="There is no patch"):
        at_places(COORDS[:0], 96, [(0, 0)])


def test_numbers_are_those_of_the_patches():
    assert numbered(3, [2, 0, 2]).tolist() == [2, 0]
    with pytest.raises(ConfigError, match="numbers of 3 patches, from 0, found 3"):
        numbered(3, [0, 3])
