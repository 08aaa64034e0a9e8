"""What a heatmap looks like, in named numbers: the material of the slide model.

Numbers of all patches, and of the regions above some thresholds, as the winners of CAMELYON16
(Wang et al. 2016, arXiv:1606.05718) and the entries of CAMELYON17 (Bandi et al. 2019,
doi:10.1109/TMI.2018.2867350) took them. What was not analysed is never counted, as tissue or
otherwise. Nothing is opened.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from layer3_infer.heatmap import Heatmap

PERCENTILES: Final = (50.0, 90.0, 99.0, 99.9)
OF_ALL: Final = ("maximum", "mean", *(f"percentile_{value:g}" for value in PERCENTILES))
"""Features of all patches analysed."""

OF_REGIONS: Final = (
    "share",
    "regions",
    "largest_area_um2",
    "longest_um",
    "eccentricity",
    "extent",
    "solidity",
    "mean_probability",
    "max_probability",
)
"""Features of what is above a threshold, see `slide_features`."""

_BOX: Final = (cv2.CC_STAT_LEFT, cv2.CC_STAT_TOP, cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT)
_CORNERS: Final = ((0, 0), (1, 0), (0, 1), (1, 1))


def feature_names(thresholds: Sequence[float]) -> tuple[str, ...]:
    """The names of all features, in order.

    Examples
    --------
    >>> feature_names([0.5])[-2:]
    ('mean_probability_above_0.5', 'max_probability_above_0.5')
    """
    above = (f"{name}_above_{value:g}" for value in thresholds for name in OF_REGIONS)
    return (*OF_ALL, *above)


def slide_features(heatmap: Heatmap, mpp: float, thresholds: Sequence[float]) -> dict[str, float]:
    """The features of one slide, by name, in the order of `feature_names`.

    A region is one of patches that share edges. Above each threshold:

    ``share``
        of the patches analysed, that are at or above it;
    ``regions``
        their number;
    ``largest_area_um2``
        of the largest region: the square of the stride for each of its patches;
    ``longest_um``
        largest distance between two points of one region, whichever it is;
    ``eccentricity``, ``extent``, ``solidity``, ``mean_probability``, ``max_probability``
        of the largest region, the first in reading order among equals: of the ellipse of equal
        second moments; its area over that of its upright box, and of its convex hull; and of its
        patches.

    Parameters
    ----------
    heatmap : Heatmap
    mpp : float, um/px
        Scale of level 0.
    thresholds : sequence of float
        In (0, 1].

    Returns
    -------
    dict of str to float
        Above a threshold that nothing reaches, 0. NaN, all of them, where nothing was analysed.
    """
    names, scores = feature_names(thresholds), heatmap.scores.astype(np.float64)
    if not len(scores):
        return dict.fromkeys(names, float("nan"))
    found = [scores.max(), scores.mean(), *np.percentile(scores, PERCENTILES)]
    for threshold in thresholds:
        above = heatmap.values >= threshold  # false for NaN
        found += [above.sum() / len(scores), *_of_regions(above, heatmap, mpp)]
    return dict(zip(names, map(float, found), strict=True))


def _of_regions(above: npt.NDArray[np.bool_], heatmap: Heatmap, mpp: float) -> list[float]:
    """`OF_REGIONS` without the share."""
    pieces = _pieces(above)
    if not pieces.count:
        return [0.0] * (len(OF_REGIONS) - 1)
    cell_um = heatmap.grid.stride * mpp
    rows, columns, (_, _, width, height) = pieces.largest
    values = heatmap.values[rows, columns].astype(np.float64)
    hull = _hull(rows, columns)
    return [
        pieces.count,
        len(rows) * cell_um**2,
        pieces.longest() * cell_um,
        _eccentricity(rows, columns),
        len(rows) / (width * height),
        len(rows) / cv2.contourArea(hull),
        values.mean(),
        values.max(),
    ]


@dataclass(frozen=True, eq=False)
class _Pieces:
    """Connected areas of a grid.

    Attributes
    ----------
    map : (rows, columns) int32
        Number of the piece; 0 is none.
    boxes : (N, 4) int
        Left, top, width and height of each, in cells.
    areas : (N,) int, cells
    """

    map: npt.NDArray[np.int32]
    boxes: npt.NDArray[np.int32]
    areas: npt.NDArray[np.int32]

    @property
    def count(self) -> int:
        return len(self.areas)

    @property
    def largest(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.int32]]:
        """Rows, columns and box of the piece of most cells."""
        largest = int(np.argmax(self.areas))
        return (*self._cells(largest), self.boxes[largest])

    def longest(self) -> float:
        """Largest distance between two points of one piece, in cells."""
        diagonals = np.hypot(self.boxes[:, 2], self.boxes[:, 3])
        best = 0.0
        for piece in np.argsort(-diagonals, kind="stable"):
            if diagonals[piece] <= best:
                break
            best = max(best, _diameter(_hull(*self._cells(int(piece)))))
        return best

    def _cells(self, piece: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        left, top, width, height = self.boxes[piece]
        inside = self.map[top : top + height, left : left + width] == piece + 1
        rows, columns = np.nonzero(inside)
        return rows + top, columns + left


def _pieces(above: npt.NDArray[np.bool_]) -> _Pieces:
    if not above.size:
        return _Pieces(above.astype(np.int32), np.empty((0, 4), np.int32), np.empty(0, np.int32))
    _, pieces, stats, _ = cv2.connectedComponentsWithStats(above.astype(np.uint8), connectivity=4)
    stats = stats[1:].astype(np.int32)  # the first is what is below
    return _Pieces(pieces.astype(np.int32), stats[:, _BOX], stats[:, cv2.CC_STAT_AREA])


def _hull(rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
    """Corners of the convex hull of cells, (K, 1, 2) as (x, y); cells are squares of edge 1.

    The cells come in reading order, so that the first and the last of each row are at hand.
    """
    starts = np.flatnonzero(np.diff(rows, prepend=-1))
    ends = np.append(starts[1:], len(rows)) - 1
    outer = np.concatenate([starts, ends])
    x, y = columns[outer], rows[outer]
    corners = np.concatenate([np.stack([x + right, y + low], axis=1) for right, low in _CORNERS])
    return cv2.convexHull(corners.astype(np.float32)).astype(np.float32)


def _diameter(hull: npt.NDArray[np.float32]) -> float:
    points = hull[:, 0].astype(np.float64)
    x, y = (points[:, None] - points[None]).transpose(2, 0, 1)
    return float(np.hypot(x, y).max())


def _eccentricity(rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp]) -> float:
    """0 of a circle or square, towards 1 of a line; a cell counts as the square it is."""
    moments = np.cov(np.stack([rows, columns]).astype(np.float64), bias=True) + np.eye(2) / 12
    small, large = np.linalg.eigvalsh(moments)
    return float(np.sqrt(max(0.0, 1 - small / large)))
