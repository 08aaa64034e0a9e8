"""From the pixels of a mask to polygons along their edges, and back.

In pixels of the mask: pixel (row, column) is the square from (column, row) to (column + 1,
row + 1), and belongs to a polygon that holds its centre. So there and back changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
import shapely

if TYPE_CHECKING:
    import numpy.typing as npt

_NO_PARENT: Final = -1
_ROWS_AT_ONCE: Final = 4_000_000  # crossings of edges and rows held in memory


def outlined(mask: npt.NDArray[np.bool_]) -> list[shapely.Polygon]:
    """Polygons with holes that cover the pixels of `mask`, (H, W) bool, and no others.

    Every one is valid; pixels that touch at a corner may be in two. By the place of their first
    pixel, row by row.
    """
    # On half pixels, each corner of a pixel's outline has a half pixel of its own beside it.
    halves = mask.astype(np.uint8).repeat(2, axis=0).repeat(2, axis=1)
    contours, tree = cv2.findContours(halves, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    if tree is None:
        return []
    rings = [(contour[:, 0].astype(np.int64) + 1) // 2 for contour in contours]
    holes: dict[int, list[npt.NDArray[np.int64]]] = {}
    for ring, (*_, parent) in zip(rings, np.asarray(tree)[0].tolist(), strict=True):
        if parent != _NO_PARENT:
            holes.setdefault(parent, []).append(ring)
    parents = np.asarray(tree)[0, :, 3]
    outer = np.flatnonzero(parents == _NO_PARENT).tolist()
    areas = [shapely.Polygon(rings[at], holes.get(at, [])) for at in outer]
    valid = shapely.make_valid(np.asarray(areas), method="structure", keep_collapsed=False)
    parts = shapely.get_parts(shapely.get_parts(shapely.simplify(valid, 0)))
    return sorted(parts, key=_place)


def filled(
    area: shapely.Geometry, shape: tuple[int, int], scale: tuple[float, float]
) -> npt.NDArray[np.bool_]:
    """The pixels whose centre lies in `area`.

    Parameters
    ----------
    area : shapely.Geometry
        Valid.
    shape : (int, int)
        (rows, columns) of the mask.
    scale : (float, float)
        What a pixel is wide and high in the unit of `area`.

    Returns
    -------
    (H, W) bool
    """
    rings = shapely.get_rings(shapely.get_parts(area))
    points, ring = shapely.get_coordinates(rings, return_index=True)
    points = points / np.asarray(scale)
    same = ring[1:] == ring[:-1]
    start, end = points[:-1][same], points[1:][same]
    turned = np.zeros((shape[0], shape[1] + 1), dtype=np.bool_)
    spans = np.abs(np.diff(_rows(start, end, shape[0]), axis=0))[0]
    ends = np.searchsorted(np.cumsum(spans), np.arange(0, spans.sum(), _ROWS_AT_ONCE))
    for part in np.split(np.arange(len(start)), ends[1:]):
        _turn(turned, start[part], end[part])
    return np.logical_xor.accumulate(turned, axis=1)[:, :-1]


def _turn(
    turned: npt.NDArray[np.bool_], start: npt.NDArray[np.float64], end: npt.NDArray[np.float64]
) -> None:
    """Flip `turned` where an edge crosses the line through the centres of a row."""
    rows, columns = turned.shape[0], turned.shape[1] - 1
    first, last = np.sort(_rows(start, end, rows), axis=0)
    spans = last - first
    edge = np.repeat(np.arange(len(start)), spans)
    row = np.arange(spans.sum()) - np.repeat(np.cumsum(spans) - spans, spans) + first[edge]
    slope = (end - start)[edge]
    x = start[edge, 0] + (row + 0.5 - start[edge, 1]) * slope[:, 0] / slope[:, 1]
    column = np.ceil(x - 0.5).clip(0, columns).astype(np.intp)
    np.logical_xor.at(turned, (row, column), True)  # noqa: FBT003


def _rows(
    start: npt.NDArray[np.float64], end: npt.NDArray[np.float64], rows: int
) -> npt.NDArray[np.intp]:
    """First row whose centre is not above each end of each edge, (2, N) intp."""
    y = np.stack([start[:, 1], end[:, 1]])
    return np.ceil(y - 0.5).clip(0, rows).astype(np.intp)


def _place(polygon: shapely.Polygon) -> tuple[float, float]:
    left, top, _, _ = polygon.bounds
    return top, left
