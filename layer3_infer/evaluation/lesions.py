"""Lesions of a slide: which pieces of tumour are one, how large it is, and what it is called.

Two rules of two challenges meet here.

* CAMELYON16 grows every annotation by 37.5 um on each side, fills holes, and takes what then
  touches as one lesion (`Lesion.area`): pieces nearer than 75 um, about five tumour cells, are one.
  Its official program does so on a mask of 7.8 um pixels. Here it is done on the outlines, exactly
  and at each slide's own scale; the outlines differ by up to one of those pixels.
* CAMELYON17 names a lesion by its largest extent: up to 0.2 mm it is isolated tumour cells (ITC),
  up to 2 mm a micrometastasis, beyond a macrometastasis. The extent is that of the tumour itself,
  before growing. The other half of that rule, 200 cells, needs cells to be counted and is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from common.annotations.coverage import pieces

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

GROW_UM: Final = 37.5
"""By which tumour is grown on each side; 75 um in all."""

ITC_UM: Final = 200.0
MICRO_UM: Final = 2000.0
NEGATIVE, ITC, MICRO, MACRO = CLASSES = ("negative", "itc", "micro", "macro")
"""Classes of a slide, by its largest lesion."""

_QUARTER_SEGMENTS: Final = 16
"""Straight pieces in a quarter of a rounded corner: 0.05 um short of round at 37.5 um."""


@dataclass(frozen=True, eq=False)
class Lesion:
    """One lesion.

    Attributes
    ----------
    area : shapely.Polygon, level-0 px
        Its pieces, grown by `GROW_UM`, without holes. A detection in it found the lesion.
    extent_um : float, um
        Greatest distance between two points of its pieces, before growing.
    major_axis_um : float, um
        Major axis of the ellipse with the second moments of `area`.
    """

    area: shapely.Polygon
    extent_um: float
    major_axis_um: float


def find_lesions(tumor: shapely.MultiPolygon, mpp: float) -> list[Lesion]:
    """The lesions that pieces of tumour make up, from top to bottom, then from left to right.

    Parameters
    ----------
    tumor : shapely.MultiPolygon, level-0 px
        Valid; annotated, or predicted.
    mpp : float, um/px
        Scale of level 0.
    """
    if tumor.is_empty:
        return []
    areas = _grown(tumor, GROW_UM / mpp)
    parts = shapely.get_parts(tumor)
    inside = shapely.STRtree(areas).query(shapely.point_on_surface(parts), predicate="intersects")
    lesions = [
        Lesion(
            area=area,
            extent_um=extent(parts[inside[0, inside[1] == number]]) * mpp,
            major_axis_um=major_axis(area) * mpp,
        )
        for number, area in enumerate(areas)
    ]
    return sorted(lesions, key=lambda lesion: lesion.area.bounds[1::-1])


def extents_um(parts: Sequence[shapely.Geometry], mpp: float) -> list[float]:
    """The extents of the lesions that `parts` make up, in no order.

    Of the thousands of regions a heatmap may have, this takes a hundredth of the time of
    `find_lesions`. What lies in a hole is a lesion of its own here, and never the largest.

    Parameters
    ----------
    parts : sequence of shapely.Polygon, level-0 px
        Apart from each other.
    mpp : float, um/px
        Scale of level 0.
    """
    if not len(parts):
        return []
    polygons = np.asarray(parts, dtype=object)
    near = shapely.STRtree(polygons).query(polygons, "dwithin", 2 * GROW_UM / mpp)
    links = coo_array((np.ones(near.shape[1], np.int8), (near[0], near[1])), (len(polygons),) * 2)
    _, lesion = connected_components(links, directed=False)
    order = np.argsort(lesion, kind="stable")
    ends = np.cumsum(np.bincount(lesion))[:-1]
    return [extent(pieces_of_one) * mpp for pieces_of_one in np.split(polygons[order], ends)]


def kind_of(extent_um: float) -> str:
    """What a lesion of this extent is called: ``itc``, ``micro`` or ``macro``."""
    if extent_um <= ITC_UM:
        return ITC
    return MICRO if extent_um <= MICRO_UM else MACRO


def slide_class(extents: Iterable[float]) -> str:
    """One of `CLASSES`: that of the largest lesion, given the extents of all, um."""
    return max((kind_of(one) for one in extents), key=CLASSES.index, default=NEGATIVE)


def extent(parts: Sequence[shapely.Geometry] | npt.NDArray[np.object_]) -> float:
    """Greatest distance between two points of `parts`, in their unit."""
    hull = shapely.get_coordinates(shapely.convex_hull(shapely.GeometryCollection(list(parts))))
    squares = [((hull[at:] - corner) ** 2).sum(axis=1).max() for at, corner in enumerate(hull)]
    return float(np.sqrt(max(squares)))


def major_axis(area: shapely.Polygon) -> float:
    """Major axis of the ellipse with the second moments of `area`, whose holes are not seen.

    scikit-image's `axis_major_length`, by which CAMELYON16 tells ITC, is this for a mask of
    pixels: four times the standard deviation along the axis where that is greatest.

    Examples
    --------
    >>> round(major_axis(shapely.Point(0, 0).buffer(1, quad_segs=200)), 3)
    2.0
    """
    corners = shapely.get_coordinates(area.exterior)
    x, y = (corners - corners[:-1].mean(axis=0)).T
    cross = x[:-1] * y[1:] - x[1:] * y[:-1]
    whole = cross.sum() / 2
    x0, x1, y0, y1 = x[:-1], x[1:], y[:-1], y[1:]
    middle_x = (cross * (x0 + x1)).sum() / (6 * whole)
    middle_y = (cross * (y0 + y1)).sum() / (6 * whole)
    xx = (cross * (x0**2 + x0 * x1 + x1**2)).sum() / (12 * whole) - middle_x**2
    yy = (cross * (y0**2 + y0 * y1 + y1**2)).sum() / (12 * whole) - middle_y**2
    mixed = (cross * (x0 * y1 + 2 * x0 * y0 + 2 * x1 * y1 + x1 * y0)).sum()
    xy = mixed / (24 * whole) - middle_x * middle_y
    variance = (xx + yy) / 2 + np.sqrt((xx - yy) ** 2 / 4 + xy**2)
    return float(4 * np.sqrt(variance))


def _grown(tumor: shapely.MultiPolygon, margin: float) -> npt.NDArray[np.object_]:
    """What is within `margin` of tumour, as polygons without holes that are apart.

    Pieces of few corners are grown each: growing all of an outline takes time in the square of its
    corners.
    """
    grown = shapely.buffer(pieces(tumor).geometries, margin, quad_segs=_QUARTER_SEGMENTS)
    whole = shapely.get_parts(shapely.union_all(grown))
    filled = shapely.polygons(shapely.get_exterior_ring(whole))
    return shapely.get_parts(shapely.union_all(filled))
