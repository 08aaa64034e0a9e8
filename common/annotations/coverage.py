"""How much of each of many squares an area covers, exactly and fast.

Squares wholly inside or outside are settled by prepared predicates. What remains lies on the
outline: there the area is cut into pieces of few vertices first, because intersecting a square
with all of an outline takes time in proportion to all of its vertices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

if TYPE_CHECKING:
    import numpy.typing as npt

MOST_VERTICES: Final = 256
"""Pieces with more are cut again. 64 to 256 took equally long with 200,000 squares."""

DUST: Final = 1e-9
"""Shares this close to 0 or 1 are rounding: on 300 px squared, a ten-thousandth of a pixel."""

_FINEST_PX: Final = 2


def pieces(area: shapely.MultiPolygon) -> shapely.STRtree:
    """`area` cut along whole pixels into polygons of at most `MOST_VERTICES`, in a tree.

    A piece less than 2 px across is kept however many vertices it has.
    """
    whole: list[shapely.Geometry] = []
    uncut = list(shapely.get_parts(area))
    while uncut:
        piece = uncut.pop()
        if shapely.get_num_coordinates(piece) <= MOST_VERTICES or _extent(piece) <= _FINEST_PX:
            whole.append(piece)
        else:
            uncut += _halves(piece)
    return shapely.STRtree(whole)


def shares(
    area: shapely.MultiPolygon,
    cut: shapely.STRtree,
    xy: npt.NDArray[np.int64],
    edge: int,
) -> npt.NDArray[np.float32]:
    """Share of each square ``[x, x + edge) x [y, y + edge)`` that `area` covers.

    Parameters
    ----------
    area : shapely.MultiPolygon, level-0 px
        Valid.
    cut : shapely.STRtree
        `pieces` of `area`.
    xy : (N, 2) int64, level-0 px
        Top-left corners.
    edge : int, level-0 px
        Edge of the squares.

    Returns
    -------
    (N,) float32
        In [0, 1]; exactly 0 where they are disjoint or touch, exactly 1 where covered.
    """
    squares = shapely.box(xy[:, 0], xy[:, 1], xy[:, 0] + edge, xy[:, 1] + edge)
    shapely.prepare(area)
    covered = shapely.covers(area, squares)
    crossed = np.flatnonzero(shapely.intersects(area, squares) & ~covered)

    which, piece = cut.query(squares[crossed])
    parts = shapely.intersection(cut.geometries[piece], squares[crossed[which]])
    sums = np.bincount(which, weights=shapely.area(parts), minlength=len(crossed))

    share = covered.astype(np.float64)
    share[crossed] = sums / float(edge) ** 2
    share[share < DUST] = 0
    share[share > 1 - DUST] = 1
    return share.astype(np.float32)


def _extent(piece: shapely.Geometry) -> float:
    left, top, right, bottom = shapely.bounds(piece)
    return max(right - left, bottom - top)


def _halves(piece: shapely.Geometry) -> list[shapely.Geometry]:
    """`piece` cut in the middle of its longer side, along a whole pixel."""
    left, top, right, bottom = shapely.bounds(piece)
    if right - left >= bottom - top:
        middle = round((left + right) / 2)
        boxes = [shapely.box(left, top, middle, bottom), shapely.box(middle, top, right, bottom)]
    else:
        middle = round((top + bottom) / 2)
        boxes = [shapely.box(left, top, right, middle), shapely.box(left, middle, right, bottom)]
    parts = shapely.get_parts(shapely.intersection(piece, np.asarray(boxes)))
    return [part for part in parts if isinstance(part, shapely.Polygon) and not part.is_empty]
