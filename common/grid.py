"""The dense grid of patches on a slide: a regular lattice of level-0 corners."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from common.geometry import Box


@dataclass(frozen=True)
class Grid:
    """Corners ``origin + stride * (column, row)`` of equal squares.

    The step is a whole number of level-0 pixels, so corners never drift.

    Attributes
    ----------
    origin : (x, y), level-0 px
        Corner of row 0, column 0.
    stride, edge : int, level-0 px
        Step from one patch to the next, and edge of a patch. ``stride < edge`` overlaps.
    rows, columns : int
        Size of the lattice; 0 where no whole patch fits.
    """

    origin: tuple[int, int]
    stride: int
    edge: int
    rows: int
    columns: int

    @classmethod
    def inside(cls, bounds: Box, edge: int, stride: int) -> Grid:
        """Every whole patch that fits into `bounds`, counted from its top-left corner.

        Examples
        --------
        >>> from common.geometry import Box
        >>> grid = Grid.inside(Box(0, 0, 500, 250), edge=200, stride=200)
        >>> grid.corners().tolist()
        [[0, 0], [200, 0]]
        """
        if edge < 1 or stride < 1:
            raise ValueError(f"edge and stride must be at least 1 px, got {edge} and {stride}")
        rows = max(0, (bounds.height - edge) // stride + 1)
        columns = max(0, (bounds.width - edge) // stride + 1)
        return cls((bounds.x, bounds.y), stride, edge, rows, columns)

    def corners(self) -> npt.NDArray[np.int64]:
        """Every corner.

        Returns
        -------
        (rows * columns, 2) int64, level-0 px
            (x, y) by row, then by column.
        """
        row, column = np.divmod(np.arange(self.rows * self.columns), max(self.columns, 1))
        xy = np.stack([column, row], axis=1).astype(np.int64)
        return xy * self.stride + np.array(self.origin, dtype=np.int64)

    def bands(self, most: int) -> Iterator[Grid]:
        """The grid cut into runs of whole rows of about `most` corners, from top to bottom."""
        step = max(1, most // max(1, self.columns))
        for first in range(0, self.rows, step):
            yield self.rows_of(first, min(first + step, self.rows))

    def rows_of(self, first: int, last: int) -> Grid:
        """Rows `first` to `last`, the last not included, as a grid of their own."""
        origin = (self.origin[0], self.origin[1] + first * self.stride)
        return replace(self, origin=origin, rows=last - first)

    def cells(self, xy: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """Row and column of corners that lie on the lattice.

        Parameters
        ----------
        xy : (N, 2) int64, level-0 px

        Returns
        -------
        rows, columns : (N,) int

        Raises
        ------
        ValueError
            If a corner lies between the lattice points or outside.
        """
        steps, rest = np.divmod(xy - np.array(self.origin, dtype=np.int64), self.stride)
        inside = (steps >= 0).all() and (steps < (self.columns, self.rows)).all()
        if rest.any() or not inside:
            raise ValueError(f"corners must lie on the grid {self}")
        return steps[:, 1].astype(np.intp), steps[:, 0].astype(np.intp)
