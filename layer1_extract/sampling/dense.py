"""Every patch of the grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from common.grid import Grid

if TYPE_CHECKING:
    import numpy.typing as npt

    from common.geometry import Pyramid
    from common.patches import PatchSpec
    from common.tissue import TissueMask

_CORNERS: Final = 1 << 18


def dense_grid(pyramid: Pyramid, spec: PatchSpec, stride: int | None) -> Grid:
    """The grid of whole patches on a slide.

    Parameters
    ----------
    pyramid : Pyramid
    spec : PatchSpec
    stride : int or None, px of the patch
        None takes the patch's edge.
    """
    step = spec.length_on(pyramid, spec.size if stride is None else stride)
    return Grid.inside(pyramid.bounds, spec.edge_on(pyramid), step)


def row_weights(mask: TissueMask, grid: Grid) -> npt.NDArray[np.int64]:
    """Number of patches with any tissue in each row of the grid, (rows,) int64."""
    bands = [
        (mask.coverage(band.corners(), grid.edge) > 0).reshape(band.rows, grid.columns).sum(axis=1)
        for band in grid.bands(_CORNERS)
    ]
    return np.concatenate(bands) if bands else np.zeros(0, dtype=np.int64)


def part_rows(weights: npt.NDArray[np.integer], part: int, parts: int) -> tuple[int, int]:
    """The run of rows that is one of several parts of about equal work.

    A cut lies where the work before it is nearest to its share, so no part has more than an even
    share and the work of one row. Without any work, parts have about equal numbers of rows.

    Parameters
    ----------
    weights : (rows,) int, at least 0
        Work in each row of the grid.
    part, parts : int
        Which part, counted from 0, of how many.

    Returns
    -------
    first, last : int
        The rows ``first`` to ``last - 1``; over all parts every row once, in order. Equal where
        there are fewer rows than parts and this one is left without.

    Examples
    --------
    >>> [part_rows(np.array([0, 4, 1, 1, 1, 1]), part, 2) for part in range(2)]
    [(0, 2), (2, 6)]
    """
    if not 0 <= part < parts:
        raise ValueError(f"part must be 0 to {parts - 1}, got {part}")
    weights = weights if weights.any() else np.ones_like(weights)
    before = np.concatenate([[0], np.cumsum(weights, dtype=np.int64)])
    return _cut(before, part, parts), _cut(before, part + 1, parts)


def _cut(before: npt.NDArray[np.int64], part: int, parts: int) -> int:
    """Row in front of which `part` begins: the first whose work before it is nearest to a share."""
    if part == parts:
        return len(before) - 1
    return int(np.argmin(np.abs(before * parts - part * before[-1])))
