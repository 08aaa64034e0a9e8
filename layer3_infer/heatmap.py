"""A slide's worth of answers, each at its place.

An entry is the answer for one patch of a dense grid; NaN means *not analysed* and never a
probability. Everything here is in level-0 pixels. Nothing is opened.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from common.grid import Grid


@dataclass(frozen=True, eq=False)
class Heatmap:
    """Probabilities of tumour on a grid.

    Attributes
    ----------
    grid : Grid, level-0 px
        Entry (row, column) is the patch whose corner is ``origin + stride * (column, row)``.
    values : (rows, columns) float32
        In [0, 1], or NaN where the patch was not analysed.
    """

    grid: Grid
    values: npt.NDArray[np.float32]

    def __post_init__(self) -> None:
        shape = (self.grid.rows, self.grid.columns)
        if self.values.shape != shape or self.values.dtype != np.float32:
            raise ValueError(
                f"values must be {shape} float32, got {self.values.shape} {self.values.dtype}"
            )
        if ((self.values < 0) | (self.values > 1)).any():  # false for NaN
            raise ValueError("values must be in [0, 1] or NaN, got others")
        self.values.flags.writeable = False

    @classmethod
    def of(cls, grid: Grid, xy: npt.NDArray[np.int64], scores: npt.NDArray[np.float32]) -> Heatmap:
        """The heatmap that holds `scores` at the patches with corners `xy`, and NaN elsewhere.

        Parameters
        ----------
        grid : Grid
        xy : (N, 2) int64, level-0 px
            Corners on the grid, in any order, each once.
        scores : (N,) float32
        """
        if len(np.unique(xy, axis=0)) != len(xy):
            raise ValueError("each corner must be given once, got some twice")
        values = np.full((grid.rows, grid.columns), np.nan, dtype=np.float32)
        values[grid.cells(xy)] = scores
        return cls(grid, values)

    @property
    def analysed(self) -> npt.NDArray[np.bool_]:
        """(rows, columns) bool: which entries are answers."""
        return ~np.isnan(self.values)

    @property
    def xy(self) -> npt.NDArray[np.int64]:
        """Corners of the patches analysed, (N, 2) int64 level-0 px, by row then by column."""
        rows, columns = np.nonzero(self.analysed)
        steps = np.stack([columns, rows], axis=1).astype(np.int64, copy=False)
        return steps * self.grid.stride + np.array(self.grid.origin, dtype=np.int64)

    @property
    def scores(self) -> npt.NDArray[np.float32]:
        """(N,) float32: the answers, in the order of `xy`."""
        return self.values[self.analysed]

    def merge(self, other: Heatmap) -> Heatmap:
        """Everything either heatmap knows; associative and commutative.

        Raises
        ------
        ValueError
            If the grids differ, or both have an answer for a patch and the answers differ.
        """
        if self.grid != other.grid:
            raise ValueError(f"grids must be equal, got {self.grid} and {other.grid}")
        both = self.analysed & other.analysed
        conflicts = int((self.values[both] != other.values[both]).sum())
        if conflicts:
            raise ValueError(f"answers must agree where both have one, got {conflicts} that differ")
        return Heatmap(self.grid, np.where(self.analysed, self.values, other.values))

    def top(self, count: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        """The patches of highest probability, highest first; ties by row, then by column.

        Returns
        -------
        xy : (K, 2) int64, level-0 px
        scores : (K,) float32
            K is `count`, or the number analysed where that is smaller.
        """
        order = np.argsort(-self.scores, kind="stable")[:count]
        return self.xy[order], self.scores[order]

    def cells(
        self, rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp]
    ) -> npt.NDArray[np.int64]:
        """The part of the slide each entry stands for.

        A square of the stride's edge in the middle of the patch: cells tile the slide without
        overlap or gap, whatever the stride, and are the patches where patches touch.

        Returns
        -------
        (N, 4) int64, level-0 px
            Left, top, right, bottom.
        """
        grid = self.grid
        margin = (grid.edge - grid.stride) // 2
        left = grid.origin[0] + margin + grid.stride * columns.astype(np.int64)
        top = grid.origin[1] + margin + grid.stride * rows.astype(np.int64)
        return np.stack([left, top, left + grid.stride, top + grid.stride], axis=1)
