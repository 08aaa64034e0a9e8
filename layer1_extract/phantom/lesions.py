"""Regions of tumour: polygons that are drawn, annotated and counted as they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import cv2
import numpy as np
import shapely

from layer1_extract.phantom.planes import STEP, Plane, distance_to

if TYPE_CHECKING:
    import numpy.typing as npt

SHARE: Final = (0.10, 0.22)
"""Share of the tissue that is tumour, all regions of a slide together; less if they don't fit."""
_MOST: Final = 3
_VERTICES: Final = 72
_REACH: Final = 1.25  # furthest vertex over mean radius, at most
_APART_PX: Final = 3 * STEP


class Site(NamedTuple):
    """A place for something round: its centre and radius, level-0 px."""

    x: float
    y: float
    radius: float


def grow_lesions(rng: np.random.Generator, depth: Plane) -> tuple[npt.NDArray[np.float64], ...]:
    """One to three regions inside the tissue, apart from each other.

    Parameters
    ----------
    rng : Generator
    depth : Plane, level-0 px
        Distance from the tissue's edge, negative outside.

    Returns
    -------
    tuple of (V, 2) float64, level-0 px
        Vertices (x, y) of simple polygons, rounded to a tenth, the first not repeated.
    """
    count = int(rng.integers(1, _MOST + 1))
    tissue_px = np.count_nonzero(depth.values > 0) * STEP**2
    radius = np.sqrt(rng.uniform(*SHARE) * tissue_px / count / np.pi)
    room = depth.values
    lesions = []
    for _ in range(count):
        site = find_site(rng, room, radius, _REACH)
        lesions.append(_irregular(rng, site))
        room = np.minimum(room, distance_to(covered(lesions, room.shape)) - _APART_PX)
    return tuple(lesions)


def find_site(
    rng: np.random.Generator, room: npt.NDArray[np.float32], radius: float, reach: float
) -> Site:
    """A random place with `reach` times the radius free around it.

    Parameters
    ----------
    rng : Generator
    room : (H, W) float32, level-0 px
        Distance to what must not be touched, one value per 8 x 8 px; positive somewhere.
    radius : float, level-0 px
        The radius wished for; made smaller until there is a place.
    reach : float
    """
    radius = min(radius, float(room.max()) / reach * 0.98)
    rows, columns = np.nonzero(room >= radius * reach)
    chosen = rng.integers(len(rows))
    return Site((columns[chosen] + 0.5) * STEP, (rows[chosen] + 0.5) * STEP, radius)


def covered(
    polygons: list[npt.NDArray[np.float64]], shape: tuple[int, ...]
) -> npt.NDArray[np.bool_]:
    """(H, W) bool, one value per 8 x 8 level-0 px: where any polygon lies."""
    canvas = np.zeros(shape, np.uint8)
    for polygon in polygons:
        cv2.fillPoly(canvas, [np.round(polygon / STEP).astype(np.int32)], (1,))
    return canvas.astype(bool)


def inside(
    polygons: tuple[npt.NDArray[np.float64], ...], xy: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_]:
    """(N,) bool: whether each of the (N, 2) points, level-0 px, lies in any polygon."""
    regions = shapely.MultiPolygon([shapely.Polygon(polygon) for polygon in polygons])
    shapely.prepare(regions)
    return shapely.contains_xy(regions, xy[:, 0], xy[:, 1])


def _irregular(rng: np.random.Generator, site: Site) -> npt.NDArray[np.float64]:
    """A closed line around `site` whose radius is a sum of a few waves, so never crosses itself."""
    angle = np.linspace(0, 2 * np.pi, _VERTICES, endpoint=False)
    waves = np.arange(2, 9)[:, None]
    height = rng.normal(0, 0.16, waves.shape) / np.sqrt(waves)
    wobble = (height * np.cos(waves * angle + rng.uniform(0, 2 * np.pi, waves.shape))).sum(0)
    radius = site.radius * (1 + wobble).clip(0.6, _REACH)
    x, y = site.x + radius * np.cos(angle), site.y + radius * np.sin(angle)
    return np.stack([x, y], axis=1).astype(np.float64).round(1)
