from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely

from common.annotations.shapes import FARTHEST, enclosed, merged, polygonal, shown
from common.errors import SlideError

SOURCE = Path("slide.xml")


def ring(*points):
    return np.array(points, np.float64)


def area_of(*rings):
    return enclosed([rings], SOURCE, "annotation 'a'")


def test_a_hole_is_not_enclosed():
    area = area_of(ring((0, 0), (10, 0), (10, 10), (0, 10)), ring((2, 2), (4, 2), (4, 4), (2, 4)))

    assert area.area == 96


def test_an_outline_may_be_closed_or_not():
    corners = [(0, 0), (10, 0), (10, 10)]

    assert area_of(ring(*corners)).equals(area_of(ring(*corners, corners[0])))


def test_a_bow_tie_becomes_its_two_lobes():
    area = area_of(ring((0, 0), (10, 10), (10, 0), (0, 10)))

    assert area.is_valid
    assert area.area == 50
    assert len(area.geoms) == 2


def test_a_loop_that_the_hand_drew_twice_is_no_hole():
    outline = ring((0, 0), (10, 0), (10, 10), (0, 10), (0, 0), (5, 0), (5, 5), (0, 5))

    assert area_of(outline).area == 100


def test_a_spike_leaves_no_line_behind():
    area = area_of(ring((0, 0), (10, 0), (10, 10), (20, 20), (10, 10), (0, 10)))

    assert area.equals(shapely.box(0, 0, 10, 10))


@pytest.mark.parametrize("points", [[(0, 0)], [(0, 0), (5, 5)], [(0, 0), (5, 5), (0, 0)]])
def test_fewer_than_three_points_are_refused_by_name(points):
    with pytest.raises(SlideError, match=r"slide.xml: annotation 'a': .* 3 points or more, found"):
        area_of(ring(*points))


def test_points_on_one_line_are_refused():
    with pytest.raises(SlideError, match="one that encloses nothing"):
        area_of(ring((0, 0), (5, 5), (9, 9)))


@pytest.mark.parametrize("far", [FARTHEST * 2, -FARTHEST * 2, np.inf, np.nan])
def test_a_place_on_no_slide_is_refused(far):
    with pytest.raises(SlideError, match=r"level-0 pixels within 10,000,000, found"):
        area_of(ring((0, 0), (far, 0), (5, 5)))


def test_lines_and_points_are_no_polygons():
    mixed = shapely.GeometryCollection([shapely.Point(0, 0), shapely.box(0, 0, 1, 1)])

    assert polygonal(mixed).area == 1
    assert merged([]).is_empty


def test_a_value_in_a_message_is_short_and_printable():
    assert shown("\ud800") == "'\\ud800'"
    assert len(shown("x" * 1000)) < 100


def test_corners_closer_than_a_pen_can_draw_are_one():
    area = area_of(ring((1e-300, 0), (10, 5e-324), (10, 10), (0, 10 + 1e-9)))

    assert area.equals(shapely.box(0, 0, 10, 10))
