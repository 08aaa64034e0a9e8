"""A mask laid over a whole slide, and what can be asked of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from common.geometry import Pyramid


@dataclass(frozen=True, eq=False)
class TissueMask:
    """A mask laid over a whole slide.

    Attributes
    ----------
    tissue : (H, W) bool
        Rows down, columns right.
    width, height : int, level-0 px
        Extent of the slide the mask covers.
    pen : (H, W) bool
        Marks of a pen, on tissue or on glass; none of them is tissue. Without any by default.
    """

    tissue: npt.NDArray[np.bool_]
    width: int
    height: int
    pen: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros((0, 0), np.bool_))

    def __post_init__(self) -> None:
        if self.tissue.ndim != 2 or self.tissue.dtype != np.bool_:
            raise ValueError(f"tissue must be (H, W) bool, got {self.tissue.shape}")
        if not self.pen.size:
            object.__setattr__(self, "pen", np.zeros(self.tissue.shape, np.bool_))
        if self.pen.shape != self.tissue.shape or self.pen.dtype != np.bool_:
            raise ValueError(f"pen must be {self.tissue.shape} bool, got {self.pen.shape}")
        if (self.pen & self.tissue).any():
            raise ValueError("pen must not be tissue")
        self.tissue.flags.writeable = False
        self.pen.flags.writeable = False

    @property
    def fraction(self) -> float:
        """Share of the slide that is tissue."""
        return float(self.tissue.mean())

    @property
    def pen_fraction(self) -> float:
        """Share of the slide under a pen."""
        return float(self.pen.mean())

    def coverage(self, xy: npt.NDArray[np.int64], edge: int) -> npt.NDArray[np.float32]:
        """Share of each square that is tissue.

        Exact for the mask: its integral image is bilinear between pixel corners.

        Parameters
        ----------
        xy : (N, 2) int64, level-0 px
            Top-left corners; what lies outside the slide counts as no tissue.
        edge : int, level-0 px

        Returns
        -------
        (N,) float32
        """
        return self._share(self._tissue_sums, xy, edge)

    def pen_coverage(self, xy: npt.NDArray[np.int64], edge: int) -> npt.NDArray[np.float32]:
        """Share of each square that is under a pen; as `coverage`."""
        if not self.pen.any():
            return np.zeros(len(xy), dtype=np.float32)
        return self._share(self._pen_sums, xy, edge)

    def centres(self) -> npt.NDArray[np.float64]:
        """Centres of the mask's tissue pixels, (N, 2) float64 (x, y), level-0 px, by row."""
        rows, columns = self.tissue.shape
        row, column = np.nonzero(self.tissue)
        return np.stack(
            [(column + 0.5) * self.width / columns, (row + 0.5) * self.height / rows], axis=1
        )

    @cached_property
    def _tissue_sums(self) -> npt.NDArray[np.int32]:
        return _integral(self.tissue)

    @cached_property
    def _pen_sums(self) -> npt.NDArray[np.int32]:
        return _integral(self.pen)

    def _share(
        self, sums: npt.NDArray[np.int32], xy: npt.NDArray[np.int64], edge: int
    ) -> npt.NDArray[np.float32]:
        rows, columns = self.tissue.shape
        x = np.clip(np.stack([xy[:, 0], xy[:, 0] + edge]) * columns / self.width, 0, columns)
        y = np.clip(np.stack([xy[:, 1], xy[:, 1] + edge]) * rows / self.height, 0, rows)
        corner = _bilinear(sums, y[:, None], x[None, :])
        area = corner[1, 1] - corner[0, 1] - corner[1, 0] + corner[0, 0]
        whole = (edge * columns / self.width) * (edge * rows / self.height)
        return np.clip(np.round(area / whole, 6), 0, 1).astype(np.float32)


def mask_shape(slide: Pyramid, mpp: float) -> tuple[int, int]:
    """(rows, columns) of a mask of `slide` at about `mpp`: those of a thumbnail of that scale."""
    level = slide.level_for(mpp)
    factor = max(1.0, mpp / slide.level_mpp(level))
    width, height = slide.sizes[level]
    return max(1, round(height / factor)), max(1, round(width / factor))


def _integral(plane: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
    return np.asarray(cv2.integral(plane.astype(np.uint8)), dtype=np.int32)


def _bilinear(
    table: npt.NDArray[np.int32], row: npt.NDArray[np.float64], column: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Values of `table` between its entries; `row` and `column` broadcast, inside the table."""
    top = np.minimum(row.astype(np.intp), table.shape[0] - 2)
    left = np.minimum(column.astype(np.intp), table.shape[1] - 2)
    down, right = row - top, column - left
    upper = table[top, left] * (1 - right) + table[top, left + 1] * right
    lower = table[top + 1, left] * (1 - right) + table[top + 1, left + 1] * right
    return upper * (1 - down) + lower * down
