"""The strip along the outlines of tumour where no patch is cut."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

_SEGMENTS: Final = 64


@dataclass(frozen=True, eq=False)
class Margin:
    """Everything nearer to an outline than a distance.

    Attributes
    ----------
    tree : shapely.STRtree, level-0 px
        The outlines, cut into lines short enough to ask.
    distance : float, level-0 px
        What lies at exactly this distance is outside.
    """

    tree: shapely.STRtree
    distance: float

    @classmethod
    def along(cls, outlines: Iterable[npt.NDArray[np.float64]], distance: float) -> Margin:
        """The margin of closed rings, each (K, 2), level-0 px."""
        lines = [
            shapely.LineString(ring[start : start + _SEGMENTS + 1])
            for ring in outlines
            for start in range(0, len(ring) - 1, _SEGMENTS)
        ]
        return cls(shapely.STRtree(lines), distance)

    def touches(
        self, xy: npt.NDArray[np.int64] | npt.NDArray[np.float64], edge: int
    ) -> npt.NDArray[np.bool_]:
        """Whether any of each square ``[x, x + edge] x [y, y + edge]`` lies in the margin, (N,).

        Parameters
        ----------
        xy : (N, 2) int64 or float64, level-0 px
            Top-left corners.
        edge : int, level-0 px
            0 asks for points.
        """
        squares = (
            shapely.box(xy[:, 0], xy[:, 1], xy[:, 0] + edge, xy[:, 1] + edge)
            if edge
            else shapely.points(xy)
        )
        near, _ = self.tree.query(
            squares, predicate="dwithin", distance=math.nextafter(self.distance, 0)
        )
        touched = np.zeros(len(xy), dtype=np.bool_)
        touched[near] = True
        return touched
