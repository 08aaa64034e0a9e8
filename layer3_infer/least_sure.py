"""The patches of a heatmap that a model is least sure of. Level-0 pixels; nothing is opened."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from layer3_infer.heatmap import Heatmap


def least_sure(
    heatmap: Heatmap, threshold: float, count: int, spacing: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Patches whose probability is nearest to the threshold, nearest first, no two close together.

    Of neighbours that are about as unsure, one says what a person needs to know. Ties go by row,
    then by column.

    Parameters
    ----------
    heatmap : Heatmap
    threshold : float
        Where the model's answer turns.
    count : int
        Most patches wanted.
    spacing : float, patches
        Least distance between two patches along x or y, in edges of a patch.

    Returns
    -------
    xy : (K, 2) int64, level-0 px
        Corners.
    scores : (K,) float32
        Fewer than `count` where no more patches lie far enough from those chosen.
    """
    grid = heatmap.grid
    doubt = np.abs(heatmap.values - np.float32(threshold))
    doubt[np.isnan(doubt)] = np.inf
    reach = max(1, math.ceil(spacing * grid.edge / grid.stride))
    rows, columns = list[int](), list[int]()
    while len(rows) < count and doubt.size:
        row, column = divmod(int(doubt.argmin()), grid.columns)
        if np.isinf(doubt[row, column]):
            break
        rows.append(row)
        columns.append(column)
        top, left = max(0, row - reach + 1), max(0, column - reach + 1)
        doubt[top : row + reach, left : column + reach] = np.inf
    steps = np.array([columns, rows], dtype=np.int64).T
    return steps * grid.stride + np.array(grid.origin), heatmap.values[rows, columns]
