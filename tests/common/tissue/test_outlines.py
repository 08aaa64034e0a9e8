from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from common.annotations.shapes import merged
from common.tissue import outlines
from common.tissue.outlines import filled, outlined

masks = arrays.arrays(bool, st.tuples(st.integers(1, 14), st.integers(1, 14)))


@given(mask=masks)
def test_outlines_cover_the_pixels_of_the_mask_and_no_others(mask):
    polygons = outlined(mask)

    assert all(polygon.is_valid for polygon in polygons)
    assert sum(polygon.area for polygon in polygons) == pytest.approx(mask.sum())
    assert (filled(merged(polygons), mask.shape, (1.0, 1.0)) == mask).all()


@given(mask=masks, scale=st.tuples(*[st.floats(0.3, 300)] * 2))
def test_a_mask_comes_back_from_its_outlines_at_any_scale(mask, scale):
    area = merged(shapely.transform(outlined(mask), lambda points: points * np.array(scale)))

    assert (filled(area, mask.shape, scale) == mask).all()


def test_a_hole_is_a_hole():
    ring = np.ones((3, 3), bool)
    ring[1, 1] = False

    (polygon,) = outlined(ring)

    assert polygon.equals(shapely.box(0, 0, 3, 3) - shapely.box(1, 1, 2, 2))


def test_a_pixel_belongs_to_what_holds_its_centre():
    area = shapely.box(0.4, 0.6, 2.6, 1.9)

    assert filled(area, (3, 4), (1.0, 1.0)).tolist() == [
        [False] * 4,
        [True, True, True, False],
        [False] * 4,
    ]


def test_what_lies_outside_is_cut_off():
    area = shapely.box(-5, -5, 1, 50)

    assert (filled(area, (2, 3), (1.0, 1.0)) == [[1, 0, 0], [1, 0, 0]]).all()


def test_a_slanting_edge_is_followed():
    triangle = shapely.Polygon([(0, 0), (10, 0), (0, 10)])

    found = filled(triangle, (10, 10), (1.0, 1.0))

    rows, columns = np.indices((10, 10)) + 0.5
    assert (found == (rows + columns < 10)).all()


def test_much_is_filled_in_portions_of_bounded_memory(monkeypatch):
    area = shapely.box(2, 1, 30, 70).union(shapely.Point(50, 50).buffer(30))
    whole = filled(area, (100, 100), (1.0, 1.0))

    monkeypatch.setattr(outlines, "_ROWS_AT_ONCE", 7)

    assert (filled(area, (100, 100), (1.0, 1.0)) == whole).all()
    assert whole.any()


def test_nothing_is_outlined_and_filled_as_nothing():
    assert outlined(np.zeros((3, 3), bool)) == []
    assert not filled(shapely.MultiPolygon(), (3, 3), (1.0, 1.0)).any()
