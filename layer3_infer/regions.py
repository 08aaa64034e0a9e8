"""Connected areas of high probability, as polygons in level-0 pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import shapely

from layer3_infer.outlines import outlines

if TYPE_CHECKING:
    import numpy.typing as npt

    from layer3_infer.heatmap import Heatmap
    from layer3_infer.outlines import Rings


@dataclass(frozen=True, eq=False)
class Region:
    """Cells at or above the threshold that share edges.

    Attributes
    ----------
    polygon : shapely.Polygon, level-0 px
        Their union, with holes; exterior counter-clockwise in (x, y).
    area_um2 : float, um2
    mean_probability, max_probability : float
        Over its cells.
    patches : int
        Number of cells.
    """

    polygon: shapely.Polygon
    area_um2: float
    mean_probability: float
    max_probability: float
    patches: int


def find_regions(heatmap: Heatmap, mpp: float, threshold: float) -> list[Region]:
    """The regions of a heatmap, by the first of their cells in reading order.

    Cells that meet only at a corner belong to different regions. A cell is the part of the slide
    an entry stands for, as `Heatmap.cells` says.

    Parameters
    ----------
    heatmap : Heatmap
    mpp : float, um/px
        Scale of level 0.
    threshold : float
        Least probability of a cell of a region; a patch that was not analysed is in none.
    """
    if not heatmap.values.size:
        return []
    above = heatmap.values >= threshold  # false for NaN
    count, labels = cv2.connectedComponents(above.astype(np.uint8), connectivity=4)
    pieces = np.asarray(labels, dtype=np.int32)
    piece, values = pieces[above], heatmap.values[above].astype(np.float64)
    cells = np.bincount(piece, minlength=count)
    means = np.bincount(piece, values, count) / np.maximum(cells, 1)
    highest = np.zeros(count)
    np.maximum.at(highest, piece, values)
    area_um2 = (heatmap.grid.stride * mpp) ** 2
    rings = outlines(pieces)
    exteriors = rings.piece[~rings.hole]
    return [
        Region(polygon, float(size * area_um2), float(mean), float(most), int(size))
        for polygon, size, mean, most in zip(
            _polygons(rings, heatmap),
            cells[exteriors],
            means[exteriors],
            highest[exteriors],
            strict=True,
        )
    ]


def _polygons(rings: Rings, heatmap: Heatmap) -> npt.NDArray[np.object_]:
    """One polygon per exterior, in their order, (N,)."""
    corner = heatmap.cells(np.array([0]), np.array([0]))[0, :2]
    ring = np.repeat(np.arange(len(rings.piece)), np.diff(rings.starts))
    lines = np.asarray(shapely.linearrings(corner + heatmap.grid.stride * rings.xy, indices=ring))
    exteriors = rings.piece[~rings.hole]
    place = np.zeros(rings.piece.max(initial=0) + 1, dtype=np.intp)
    place[exteriors] = np.arange(len(exteriors))
    owner = place[rings.piece]
    order = np.lexsort((rings.hole, owner))  # an exterior, then its holes
    return np.asarray(shapely.polygons(lines[order], indices=owner[order]))
