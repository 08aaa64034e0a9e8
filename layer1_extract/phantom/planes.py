"""Fields over a slide that can be asked for any box: coarse planes, and textures that repeat.

Both answer by absolute level-0 pixel, so the pixels of two boxes that touch fit together and a
slide can be drawn square by square in little memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter

if TYPE_CHECKING:
    import numpy.typing as npt

    from common.geometry import Box

STEP: Final = 8
"""Level-0 px from one value of a plane to the next."""


@dataclass(frozen=True, eq=False)
class Plane:
    """A smooth field, kept at one value per 8 x 8 level-0 px.

    Attributes
    ----------
    values : (H, W) float32
        Value [r, c] stands at the middle of its square of level-0 pixels.
    """

    values: npt.NDArray[np.float32]

    def __post_init__(self) -> None:
        self.values.flags.writeable = False

    def on(self, box: Box) -> npt.NDArray[np.float32]:
        """The field at every pixel of `box`: (height, width) float32, bilinear."""
        x = _positions(box.x, box.width)
        y = _positions(box.y, box.height)
        columns, rows = np.meshgrid(x, y)
        border = cv2.BORDER_REPLICATE
        sampled = cv2.remap(self.values, columns, rows, cv2.INTER_LINEAR, borderMode=border)
        return np.asarray(sampled, np.float32)

    def at(self, xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
        """The value nearest to each of the (N, 2) points in level-0 px: (N,) float32."""
        nearest = (xy // STEP).astype(np.int64)
        column = np.clip(nearest[:, 0], 0, self.values.shape[1] - 1)
        row = np.clip(nearest[:, 1], 0, self.values.shape[0] - 1)
        return self.values[row, column]


@dataclass(frozen=True, eq=False)
class Texture:
    """Noise of mean 0 and standard deviation 1 that repeats seamlessly.

    Attributes
    ----------
    values : (P, P) float32
        One period, 1 level-0 px per value.
    """

    values: npt.NDArray[np.float32]

    def __post_init__(self) -> None:
        self.values.flags.writeable = False

    def on(self, box: Box) -> npt.NDArray[np.float32]:
        """The noise at every pixel of `box`: (height, width) float32."""
        rows = np.arange(box.y, box.y + box.height)
        columns = np.arange(box.x, box.x + box.width)
        return self.values.take(rows, 0, mode="wrap").take(columns, 1, mode="wrap")


def texture(rng: np.random.Generator, period: int, sigma: float | tuple[float, float]) -> Texture:
    """Smoothed white noise; `sigma` in level-0 px, or (down, across) for fibres."""
    white = rng.standard_normal((period, period), dtype=np.float32)
    smooth = np.asarray(gaussian_filter(white, sigma, mode="wrap"), np.float32)
    return Texture(_standard(smooth))


def clouds(rng: np.random.Generator, edge: int, feature: float) -> npt.NDArray[np.float32]:
    """Three octaves of smooth noise of mean 0 and standard deviation 1.

    Parameters
    ----------
    rng : Generator
    edge : int
        Rows and columns of the result, in steps of 8 level-0 px.
    feature : float, level-0 px
        Size of the largest features.

    Returns
    -------
    (edge, edge) float32
    """
    total = np.zeros((edge, edge), np.float32)
    for octave in range(3):
        cells = int(np.ceil(edge * STEP * 2**octave / feature)) + 3
        coarse = rng.standard_normal((cells, cells), dtype=np.float32)
        whole = max(edge, int(np.ceil(cells * feature / (STEP * 2**octave))))
        fine = np.asarray(cv2.resize(coarse, (whole, whole), interpolation=cv2.INTER_CUBIC))
        total += fine[:edge, :edge] / 2**octave
    return _standard(total)


def soft_step(values: npt.NDArray[np.floating], width: float) -> npt.NDArray[np.float32]:
    """0 below, 1 above, and a ramp of `width` around 0.

    Examples
    --------
    >>> soft_step(np.float32([-3, 0, 3]), 2).tolist()
    [0.0, 0.5, 1.0]
    """
    return np.clip(values / np.float32(width) + np.float32(0.5), 0, 1).astype(
        np.float32, copy=False
    )


def distance_to(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
    """Distance of every value of a plane to the nearest True one, level-0 px; far if none is."""
    if not mask.any():
        return np.full(mask.shape, np.hypot(*mask.shape) * STEP, np.float32)
    outside = np.where(mask, 0, 1).astype(np.uint8)
    distance = cv2.distanceTransform(outside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(distance, np.float32) * STEP


def _positions(start: int, length: int) -> npt.NDArray[np.float32]:
    pixels = np.arange(start, start + length)
    return ((pixels + 0.5) / STEP - 0.5).astype(np.float32)


def _standard(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return ((values - values.mean()) / values.std()).astype(np.float32)
