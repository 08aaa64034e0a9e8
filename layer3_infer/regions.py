"""Connected areas of high probability, as polygons in level-0 pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import shapely

if TYPE_CHECKING:
    from layer3_infer.heatmap import Heatmap


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

    Cells that meet only at a corner belong to different regions.

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
    above = (heatmap.analysed & (heatmap.values >= threshold)).astype(np.uint8)
    count, pieces = cv2.connectedComponents(above, connectivity=4)
    rows, columns = np.nonzero(above)
    piece = pieces[rows, columns]
    order = np.argsort(piece, kind="stable")
    ends = np.cumsum(np.bincount(piece, minlength=count)[1:])[:-1]
    members = [part for part in np.split(order, ends) if len(part)]
    members.sort(key=lambda part: int(part[0]))
    return [_region(heatmap, rows[part], columns[part], mpp) for part in members]


def _region(heatmap: Heatmap, rows: np.ndarray, columns: np.ndarray, mpp: float) -> Region:
    union = shapely.union_all(shapely.box(*heatmap.cells(rows, columns).T))
    polygon = shapely.simplify(union, 0)  # drops corners of cells that lie on a straight edge
    assert isinstance(polygon, shapely.Polygon)
    values = heatmap.values[rows, columns].astype(np.float64)
    return Region(
        polygon=shapely.geometry.polygon.orient(polygon),
        area_um2=polygon.area * mpp**2,
        mean_probability=float(values.mean()),
        max_probability=float(values.max()),
        patches=len(values),
    )
