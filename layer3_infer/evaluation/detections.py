"""Places where a model says there is a lesion, each with how sure it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from layer3_infer.heatmap import Heatmap


@dataclass(frozen=True, eq=False)
class Detections:
    """Points on a slide.

    Attributes
    ----------
    probability : (N,) float64
        In [0, 1].
    xy : (N, 2) float64, level-0 px
    """

    probability: npt.NDArray[np.float64]
    xy: npt.NDArray[np.float64]

    def __post_init__(self) -> None:
        count = len(self.probability)
        if self.xy.shape != (count, 2):
            raise ValueError(f"expected a place for each of {count}, got {self.xy.shape}")
        self.probability.flags.writeable = False
        self.xy.flags.writeable = False

    @classmethod
    def none(cls) -> Detections:
        """Of a slide on which nothing was found."""
        return cls(np.empty(0), np.empty((0, 2)))


def find_detections(heatmap: Heatmap, mpp: float, radius_um: float, least: float) -> Detections:
    """The peaks of a heatmap: non-maximum suppression over the patches.

    The patch of highest probability is a detection, at its centre, and every patch whose centre
    lies within the radius of that is put aside; so on with what remains. Equal probabilities are
    taken by row, then by column, so that the same heatmap always gives the same detections. A
    larger `least` leaves out the last of them and changes none.

    Parameters
    ----------
    heatmap : Heatmap
        A patch that was not analysed is no detection.
    mpp : float, um/px
        Scale of level 0.
    radius_um : float, um
    least : float
        Lowest probability of a detection.

    Returns
    -------
    Detections
        Highest first; places are whole pixels.
    """
    grid, values = heatmap.grid, heatmap.values
    rows, columns = np.nonzero(values >= max(least, np.finfo(np.float32).tiny))  # false for NaN
    order = np.argsort(-values[rows, columns], kind="stable")
    disk = _disk(radius_um / mpp / grid.stride, max(grid.rows, grid.columns))
    free = np.ones((grid.rows, grid.columns), dtype=bool)
    peaks: list[tuple[int, int]] = []
    for row, column in zip(rows[order].tolist(), columns[order].tolist(), strict=True):
        if free[row, column]:
            peaks.append((row, column))
            _put_aside(free, disk, row, column)
    found = np.array(peaks, dtype=np.int64).reshape(-1, 2)
    corners = np.array(grid.origin) + grid.stride * found[:, ::-1]
    shortest = [float(str(value)) for value in values[found[:, 0], found[:, 1]]]
    return Detections(
        np.array(shortest, dtype=np.float64), (corners + grid.edge // 2).astype(np.float64)
    )


def _disk(radius: float, most: int) -> npt.NDArray[np.bool_]:
    """Which steps, from (-R, -R) to (R, R), are at most `radius` long; R is at most `most`."""
    reach = int(min(radius, most))
    steps = np.arange(-reach, reach + 1)
    return steps[:, None] ** 2 + steps**2 <= radius**2


def _put_aside(
    free: npt.NDArray[np.bool_], disk: npt.NDArray[np.bool_], row: int, column: int
) -> None:
    """Clear `free` under the disk around (row, column)."""
    reach = len(disk) // 2
    top, left = max(row - reach, 0), max(column - reach, 0)
    under = free[top : row + reach + 1, left : column + reach + 1]
    from_row, from_column = top - row + reach, left - column + reach
    height, width = under.shape
    under &= ~disk[from_row : from_row + height, from_column : from_column + width]
