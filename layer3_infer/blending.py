"""Probabilities laid over a picture of the slide they belong to.

Patches that were not analysed get no colour: there the slide stays as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from common.geometry import Pyramid
    from common.grid import Grid
    from layer3_infer.heatmap import Heatmap

COLOUR_MAP: Final = "viridis"
"""Perceptually uniform, safe for colour-blind eyes, and far from the pinks of H&E."""

LEAST_OPACITY: Final = 0.30
MOST_OPACITY: Final = 0.75
EDGE_COLOUR: Final = (40, 40, 40)
"""RGB of the line around what was analysed."""


def colours(probability: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Colour and opacity of probabilities.

    Opacity rises with probability, so that tissue stays readable where nothing was found. It never
    falls to none, so that a low answer does not look like no answer.

    Parameters
    ----------
    probability : (...) float64, in [0, 1]

    Returns
    -------
    (..., 4) float64
        RGB and opacity, in [0, 1].
    """
    import matplotlib as mpl

    rgba = np.asarray(mpl.colormaps[COLOUR_MAP](probability), dtype=np.float64)
    rgba[..., 3] = LEAST_OPACITY + (MOST_OPACITY - LEAST_OPACITY) * probability
    return rgba


def spread(heatmap: Heatmap, slide: Pyramid, shape: tuple[int, int]) -> npt.NDArray[np.float64]:
    """The heatmap at the pixels of a picture of the whole slide.

    Each patch is a rectangle; their sums come from one running sum over the rectangles' corners,
    so the time does not grow with the overlap, nor memory with the number of patches.

    Parameters
    ----------
    heatmap : Heatmap
    slide : Pyramid
    shape : (H, W)
        Of the picture.

    Returns
    -------
    (H, W) float64
        Mean over the patches that cover a pixel's centre; NaN where none of those analysed does.
    """
    grid = heatmap.grid
    left, right = _span(grid.origin[0], grid, grid.columns, shape[1] / slide.width, shape[1])
    top, bottom = _span(grid.origin[1], grid, grid.rows, shape[0] / slide.height, shape[0])
    total, count = np.zeros((2, shape[0] + 1, shape[1] + 1))
    for row in np.flatnonzero(heatmap.analysed.any(axis=1)):
        seen = ~np.isnan(heatmap.values[row])
        scores = heatmap.values[row, seen].astype(np.float64)
        for sums, each in ((total, scores), (count, None)):
            line = _steps(left[seen], right[seen], each, shape[1] + 1)
            sums[top[row]] += line
            sums[bottom[row]] -= line
    total, count = (a.cumsum(axis=0).cumsum(axis=1)[:-1, :-1] for a in (total, count))
    mean = np.full(shape, np.nan)
    np.divide(total, count, out=mean, where=count > 0)
    return np.clip(mean, 0, 1)


def _steps(
    starts: npt.NDArray[np.intp],
    ends: npt.NDArray[np.intp],
    weights: npt.NDArray[np.float64] | None,
    length: int,
) -> npt.NDArray[np.float64]:
    """How much the sum of runs from `starts` to `ends` rises at each pixel, (length,) float64."""
    steps = np.bincount(starts, weights, length) - np.bincount(ends, weights, length)
    return steps.astype(np.float64)


def _span(
    origin: int, grid: Grid, number: int, scale: float, length: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """First pixel of each patch along one axis, and the first after it, (number,)."""
    places = origin + grid.stride * np.arange(number, dtype=np.int64)
    return _first_pixel(places, scale, length), _first_pixel(places + grid.edge, scale, length)


def blend(
    picture: npt.NDArray[np.uint8], probability: npt.NDArray[np.float64]
) -> npt.NDArray[np.uint8]:
    """`picture` with the colours of `probability` over it, and a line around where there are any.

    Parameters
    ----------
    picture : (H, W, 3) uint8, RGB
    probability : (H, W) float64
        NaN where there is none.

    Returns
    -------
    (H, W, 3) uint8, RGB
        Equal to `picture` wherever `probability` is NaN.
    """
    shown = ~np.isnan(probability)
    rgba = colours(probability[shown])
    opacity = rgba[:, 3:]
    blended = picture.copy()
    mixed = picture[shown] * (1 - opacity) + 255 * rgba[:, :3] * opacity
    blended[shown] = np.rint(mixed).astype(np.uint8)
    blended[_rim(shown)] = EDGE_COLOUR
    return blended


def _rim(shown: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """The pixels of `shown` beside one that is not; the edge of the picture is none."""
    padded = np.pad(shown, 1, mode="edge")
    inner = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return shown & ~inner


def _first_pixel(place: npt.NDArray[np.int64], scale: float, length: int) -> npt.NDArray[np.intp]:
    """Index of the first pixel whose centre is at or after `place`, level-0 px."""
    return np.clip(np.ceil(place * scale - 0.5), 0, length).astype(np.intp)
