"""Texture of marked pixels: Haralick et al. 1973, doi:10.1109/TSMC.1973.4309314.

How often two grey levels lie a given step apart, counted over pairs of which both pixels are of
the same object: a pair across an outline would measure the outline. Five of the paper's features,
each the mean over the four directions. Departures: the entropy's logarithm is natural, and
diagonal steps are as long as straight ones, to the pixel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

FEATURES: Final = ("asm", "contrast", "correlation", "entropy", "dissimilarity")
_LEAST_PAIRS: Final = 64
"""In each direction; fewer say nothing about 16 levels."""
_DIAGONAL: Final = np.sqrt(0.5)


def texture(
    grey: npt.NDArray[np.integer], objects: npt.NDArray[np.integer], levels: int, step: int
) -> dict[str, float]:
    """Haralick's features of the pixels of objects.

    Parameters
    ----------
    grey : (H, W) int
        In [0, levels).
    objects : (H, W) int
        0 where a pixel is of no object.
    levels : int
        How many levels of grey there are.
    step : int, px
        From one pixel of a pair to the other.

    Returns
    -------
    dict of str to float
        `FEATURES`; NaN where a direction has fewer than 64 pairs. The correlation is NaN where
        there is one level only.
    """
    found = []
    for down, right in _steps(step):
        here, there = _pair(objects, down, right)
        counted = (here > 0) & (here == there)
        if np.count_nonzero(counted) < _LEAST_PAIRS:
            return dict.fromkeys(FEATURES, np.nan)
        first, second = (side[counted] for side in _pair(grey, down, right))
        found.append(_features(_co_occurrence(first, second, levels)))
    return dict(zip(FEATURES, np.mean(found, axis=0).tolist(), strict=True))


def _steps(step: int) -> tuple[tuple[int, int], ...]:
    """(down, right) of 0, 45, 90 and 135 degrees; down is never negative."""
    diagonal = max(1, round(step * _DIAGONAL))
    return (0, step), (diagonal, diagonal), (step, 0), (diagonal, -diagonal)


def _pair(
    values: npt.NDArray[np.integer], down: int, right: int
) -> tuple[npt.NDArray[np.integer], npt.NDArray[np.integer]]:
    """Two views of one shape: pixels that have a partner, and their partners."""
    height, width = values.shape
    rows, columns = max(height - down, 0), max(width - abs(right), 0)
    left, partner = max(-right, 0), max(right, 0)
    here = values[:rows, left : left + columns]
    there = values[down : down + rows, partner : partner + columns]
    return here, there


def _co_occurrence(
    first: npt.NDArray[np.integer], second: npt.NDArray[np.integer], levels: int
) -> npt.NDArray[np.float64]:
    """(levels, levels) float64: share of each pair of levels, either way round; sums to 1."""
    pairs = first.astype(np.int64) * levels + second
    counts = np.bincount(pairs, minlength=levels * levels).reshape(levels, levels)
    return (counts + counts.T) / (2.0 * len(pairs))


def _features(share: npt.NDArray[np.float64]) -> tuple[float, ...]:
    """`FEATURES` of one direction."""
    row, column = np.indices(share.shape)
    apart = row - column
    mean = np.sum(share * row)
    variance = np.sum(share * np.square(row - mean))
    covariance = np.sum(share * (row - mean) * (column - mean))
    some = share[share > 0]
    return (
        float(np.sum(np.square(share))),
        float(np.sum(share * np.square(apart))),
        float(covariance / variance) if variance > 0 else np.nan,
        float(-np.sum(some * np.log(some))),
        float(np.sum(share * np.abs(apart))),
    )
