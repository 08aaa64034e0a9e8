from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, reject
from hypothesis import strategies as st

from common.annotations.coverage import MOST_VERTICES, pieces, shares
from common.annotations.shapes import enclosed, merged, polygonal
from common.errors import SlideError

SIDE = 64
coordinates = st.one_of(st.integers(0, SIDE), st.floats(0, SIDE, allow_nan=False))
corners = st.lists(st.tuples(coordinates, coordinates), min_size=3, max_size=12)


@st.composite
def areas(draw):
    """Unions of a few polygons that cross themselves and one another."""
    drawn = draw(st.lists(corners, min_size=1, max_size=3))
    try:
        return merged(
            enclosed([[np.array(points, np.float64)]], Path("a.xml"), "a") for points in drawn
        )
    except SlideError:
        reject()


def fractions(area, xy, edge):
    return shares(area, pieces(area), np.asarray(xy, np.int64).reshape(-1, 2), edge)


def star(vertices):
    """A jagged outline, 4,000 px across, centred at (3000, 3000)."""
    angle = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    radius = 2000 + 300 * np.sin(9 * angle) + 40 * np.sin(401 * angle)
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1) + 3000
    return polygonal(shapely.make_valid(shapely.Polygon(points)))


@given(area=areas(), x=st.integers(-20, SIDE), y=st.integers(-20, SIDE), edge=st.integers(1, 40))
def test_every_share_is_the_area_counted_in_small_points(area, x, y, edge):
    steps = (np.arange(40) + 0.5) / 40 * edge
    points = np.stack(np.meshgrid(x + steps, y + steps), axis=-1).reshape(-1, 2)
    counted = shapely.contains_xy(area, points[:, 0], points[:, 1]).mean()

    share = fractions(area, [[x, y]], edge)[0]

    assert 0 <= share <= 1
    outline = area.intersection(shapely.box(x, y, x + edge, y + edge)).length
    assert abs(share - counted) <= (2 * outline + 1) / 40 / edge + 1e-6


@given(area=areas(), x=st.integers(-20, SIDE), y=st.integers(-20, SIDE), half=st.integers(1, 30))
def test_a_square_holds_what_its_quarters_hold(area, x, y, half):
    quarters = [[x, y], [x + half, y], [x, y + half], [x + half, y + half]]

    whole = fractions(area, [[x, y]], 2 * half)[0]

    assert whole == pytest.approx(fractions(area, quarters, half).mean(), abs=1e-6)


@given(area=areas(), x=st.integers(-20, SIDE), y=st.integers(-20, SIDE), edge=st.integers(1, 40))
def test_a_covered_square_is_exactly_1_and_a_disjoint_one_exactly_0(area, x, y, edge):
    square = shapely.box(x, y, x + edge, y + edge)

    share = fractions(area, [[x, y]], edge)[0]

    assert share == 1 or not area.covers(square)
    assert share == 0 or area.intersects(square)


def test_squares_that_touch_hold_nothing():
    area = polygonal(shapely.Polygon([(0.1, 0.1), (96, 0.3), (96, 96), (0.7, 96)]))

    assert fractions(area, [[96, 0], [0, 96], [96, 96], [-96, 0]], 96).tolist()[:3] == [0, 0, 0]


def test_squares_tile_a_jagged_outline_of_many_pieces_without_a_gap():
    area = star(10_000)
    xy = np.stack(np.meshgrid(np.arange(0, 6000, 50), np.arange(0, 6000, 50)), -1).reshape(-1, 2)

    held = fractions(area, xy, 50)

    assert len(pieces(area).geometries) > 10
    assert float(held.sum(dtype=np.float64)) * 50**2 == pytest.approx(area.area, rel=1e-7)
    covered = shapely.covers(area, shapely.box(*xy.T, *(xy + 50).T))
    np.testing.assert_array_equal(held == 1, covered)


def test_pieces_are_small_and_make_up_the_area():
    area = star(10_000)

    cut = pieces(area).geometries

    assert shapely.get_num_coordinates(cut).max() <= MOST_VERTICES
    assert shapely.area(cut).sum() == pytest.approx(area.area)


def test_a_piece_too_fine_to_cut_is_kept():
    area = shapely.affinity.scale(star(2000), 1e-4, 1e-4)

    assert len(pieces(polygonal(area)).geometries) == 1


@pytest.mark.parametrize("count", [0, 3])
def test_an_empty_area_covers_nothing(count):
    held = fractions(shapely.MultiPolygon(), np.zeros((count, 2)), 10)

    assert held.dtype == np.float32
    assert held.tolist() == [0] * count
