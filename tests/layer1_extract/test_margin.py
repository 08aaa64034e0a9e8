from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from layer1_extract.margin import Margin

SQUARE = np.array([(100, 100), (300, 100), (300, 300), (100, 300), (100, 100)], np.float64)
ROUND = np.array(
    [(200 + 90 * math.cos(a), 200 + 90 * math.sin(a)) for a in np.linspace(0, math.tau, 500)]
)
corners = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), min_size=1, max_size=20)


@given(xy=corners, edge=st.sampled_from([0, 1, 40]), distance=st.integers(1, 80))
def test_exactly_what_is_nearer_than_the_distance_touches(xy, edge, distance):
    lines = shapely.MultiLineString([SQUARE, ROUND])

    found = Margin.along([SQUARE, ROUND], distance).touches(np.array(xy), edge)

    for (x, y), touches in zip(xy, found, strict=True):
        square = shapely.box(x, y, x + edge, y + edge) if edge else shapely.Point(x, y)
        assert touches == (lines.distance(square) < distance)


@pytest.mark.parametrize(("x", "touches"), [(79, False), (80, False), (81, True), (100, True)])
def test_the_distance_itself_is_outside(x, touches):
    margin = Margin.along([SQUARE], 20)

    assert margin.touches(np.array([[x, 200]]), 0).tolist() == [touches]


def test_a_square_touches_with_any_part_of_it():
    margin = Margin.along([SQUARE], 10)

    assert margin.touches(np.array([[50, 150], [49, 150], [150, 150], [50, 50]]), 41).tolist() == [
        True,
        False,
        False,
        False,
    ]


def test_without_an_outline_nothing_touches():
    assert not Margin.along([], 50).touches(np.array([[0, 0], [5, 5]]), 10).any()
