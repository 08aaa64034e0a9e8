from __future__ import annotations

import pickle

import numpy as np
import pytest
import shapely

from common.annotations import Annotations

HOLED = shapely.MultiPolygon(
    [(((0, 0), (100, 0), (100, 100), (0, 100)), [((40, 40), (60, 40), (60, 60), (40, 60))])]
)


def drawn(tumor=HOLED, groups=None, unplaced=None):
    return Annotations(tumor, groups or {}, unplaced or {})


def test_a_hole_is_no_tumour():
    xy = np.array([[0, 0], [40, 40], [30, 30], [90, 90], [200, 0]], np.int64)

    fraction = drawn().fraction(xy, 20)

    assert fraction.dtype == np.float32
    assert fraction.tolist() == [1, 0, 0.75, 0.25, 0]


def test_a_point_on_the_outline_is_tumour():
    points = np.array([[50.0, 10.5], [50, 50], [0, 0], [60, 60], [101, 5]])

    assert drawn().contains(points).tolist() == [True, False, True, True, False]


def test_every_ring_is_outlined_and_closed():
    outlines = drawn().outlines()

    assert [len(ring) for ring in outlines] == [5, 5]
    assert all(np.array_equal(ring[0], ring[-1]) for ring in outlines)
    assert all(ring.dtype == np.float64 for ring in outlines)


def test_nothing_drawn_is_nothing_found():
    nothing = drawn(shapely.MultiPolygon())

    assert nothing.outlines() == []
    assert nothing.fraction(np.zeros((2, 2), np.int64), 10).tolist() == [0, 0]
    assert nothing.contains(np.zeros((0, 2))).shape == (0,)


def test_an_edge_below_one_pixel_is_refused():
    with pytest.raises(ValueError, match="at least 1 px, got 0"):
        drawn().fraction(np.zeros((1, 2), np.int64), 0)


def test_answers_the_same_in_another_process():
    annotations = drawn()
    xy = np.array([[30, 30], [90, 90]], np.int64)
    before = annotations.fraction(xy, 20)

    after = pickle.loads(pickle.dumps(annotations)).fraction(xy, 20)

    np.testing.assert_array_equal(after, before)


@pytest.mark.parametrize(
    ("groups", "unplaced", "silent"),
    [
        ({}, {}, False),
        ({"Tumor": 1}, {}, False),
        ({"Tumor": 1, "cell": 2}, {"cell": 2}, False),
        ({"cell": 2}, {"cell": 2}, True),
    ],
)
def test_a_file_is_silent_when_it_has_objects_and_none_is_placed(groups, unplaced, silent):
    assert drawn(groups=groups, unplaced=unplaced).is_silent is silent


def test_a_square_with_anything_uncertain_in_it_has_no_share():
    tumour, uncertain = (shapely.MultiPolygon([shapely.box(0, 0, x, 10)]) for x in (30, 15))
    annotations = Annotations(tumour, {}, {}, uncertain)
    xy = np.array([[0, 0], [10, 0], [15, 0], [20, 0], [40, 0]])

    assert annotations.doubtful(xy, 10).tolist() == [True, True, False, False, False]
    np.testing.assert_array_equal(annotations.fraction(xy, 10), [np.nan, np.nan, 1, 1, 0])
