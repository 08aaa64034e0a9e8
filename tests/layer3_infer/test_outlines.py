from __future__ import annotations

import cv2
import numpy as np
import shapely
from hypothesis import given
from hypothesis.extra import numpy as hnp

from layer3_infer.outlines import outlines


def pieces_of(covered):
    return cv2.connectedComponents(np.asarray(covered, np.uint8), connectivity=4)[1]


def rings_of(covered):
    found = outlines(pieces_of(covered))
    pairs = zip(found.starts[:-1], found.starts[1:], strict=True)
    return found, [found.xy[start:end].tolist() for start, end in pairs]


def test_an_exterior_runs_along_its_top_first_and_turns_only_at_corners():
    found, (ring,) = rings_of([[0, 0, 0], [0, 1, 1]])

    assert ring == [[1, 1], [3, 1], [3, 2], [1, 2]]
    assert not found.hole[0]


def test_a_hole_runs_the_other_way_and_comes_after_its_exterior():
    covered = np.ones((3, 3))
    covered[1, 1] = 0

    found, rings = rings_of(covered)

    assert found.hole.tolist() == [False, True]
    assert rings[1] == [[1, 1], [1, 2], [2, 2], [2, 1]]
    assert found.piece.tolist() == [1, 1]


def test_a_piece_that_meets_itself_at_a_corner_encloses_a_hole():
    found, rings = rings_of([[1, 1, 1], [1, 0, 1], [1, 1, 0]])

    assert found.hole.tolist() == [False, True]
    assert all(len({tuple(v) for v in ring}) == len(ring) for ring in rings)


def test_two_pieces_that_meet_at_a_corner_have_a_ring_each():
    found, rings = rings_of([[1, 0], [0, 1]])

    assert len(set(found.piece.tolist())) == 2
    assert rings == [[[0, 0], [1, 0], [1, 1], [0, 1]], [[1, 1], [2, 1], [2, 2], [1, 2]]]


def test_nothing_has_no_outline():
    found, rings = rings_of(np.zeros((3, 4)))

    assert rings == []
    assert len(found.piece) == 0


@given(covered=hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9)))
def test_the_rings_enclose_exactly_the_cells_of_each_piece(covered):
    pieces = pieces_of(covered)
    found, rings = rings_of(covered)

    for number in range(1, pieces.max(initial=0) + 1):
        rows, columns = np.nonzero(pieces == number)
        cells = shapely.union_all(shapely.box(columns, rows, columns + 1, rows + 1))
        mine = [
            (r, h) for r, h, p in zip(rings, found.hole, found.piece, strict=True) if p == number
        ]
        (exterior,) = [ring for ring, hole in mine if not hole]
        area = shapely.Polygon(exterior, [ring for ring, hole in mine if hole])
        assert area.is_valid
        assert area.equals(cells)
        assert area.exterior.is_ccw
        assert not any(ring.is_ccw for ring in area.interiors)
