"""How much of the light a slide takes, and in which colour, beside its own glass.

By Beer and Lambert's law (Ruifrok and Johnston 2001): the optical density of a stain is in
proportion to its amount, where the colour on the screen is not. Everything is measured against
the glass of the same slide, so that the tint of a lamp is no stain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

_GLASS_LEVEL: Final = 180  # glass is at least as bright as this in every channel
_GLASS_TINT: Final = 30  # its channels differ by no more
_GLASS_SHARE: Final = 0.005  # with less of the slide like that, no glass is seen at all
_PEAK_SHARE: Final = 0.3  # of the highest peak; the brightest such peak is glass, not pale tissue
_SMOOTHING: Final = (1, 2, 3, 2, 1)  # of the histogram of levels
_BAND_PX: Final = 1 << 20
_WHITE: Final = 255  # a pixel of 255 in every channel was never scanned


@dataclass(frozen=True, eq=False)
class Absorption:
    """What a slide took of the light.

    Attributes
    ----------
    image : (H, W, 3) uint8, RGB
    densities : (256, 3) float32
        Decimal optical density of each level of red, green and blue; 0 where as bright as glass or
        brighter.
    saturation : (H, W) uint8
        Of the colour, with glass made white.
    mean_density : (H, W) float32
        Optical density, mean of the channels.
    """

    image: npt.NDArray[np.uint8]
    densities: npt.NDArray[np.float32]
    saturation: npt.NDArray[np.uint8]
    mean_density: npt.NDArray[np.float32]

    def bands(self) -> Iterator[tuple[slice, npt.NDArray[np.float32]]]:
        """Rows, and their density, (h, W, 3) float32: all of a large slide's would be too much."""
        for rows in bands(self.image):
            yield rows, _looked_up(self.image[rows], self.densities)


def absorption(thumbnail: npt.NDArray[np.uint8]) -> Absorption:
    """What the slide in `thumbnail`, (H, W, 3) uint8 RGB, took of the light, without specks."""
    image = np.asarray(cv2.medianBlur(thumbnail, 3), dtype=np.uint8)
    glass = glass_colour(image)
    level = np.arange(256, dtype=np.float64)[:, None]
    density = np.maximum(-np.log10(np.maximum(level, 1) / glass), 0).astype(np.float32)
    balanced = np.rint(level * _WHITE / glass).clip(max=_WHITE).astype(np.uint8)
    saturation = np.empty(image.shape[:2], dtype=np.uint8)
    mean_density = np.empty(image.shape[:2], dtype=np.float32)
    third = np.full((1, 3), 1 / 3, np.float32)
    for rows in bands(image):
        white = np.asarray(cv2.LUT(image[rows], balanced[:, None]))
        saturation[rows] = cv2.cvtColor(white, cv2.COLOR_RGB2HSV)[..., 1]
        mean_density[rows] = cv2.transform(_looked_up(image[rows], density), third)
    return Absorption(image, density, saturation, mean_density)


def bands(image: npt.NDArray[np.uint8]) -> Iterator[slice]:
    """Rows of `image`, (H, W, 3), a bounded number of pixels at a time."""
    step = max(1, _BAND_PX // max(1, image.shape[1]))
    for start in range(0, image.shape[0], step):
        yield slice(start, min(start + step, image.shape[0]))


def glass_colour(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Red, green and blue of bare glass in `image`, (3,) float64; white where none is seen."""
    channels = cv2.split(image)
    brightest = cv2.max(cv2.max(channels[0], channels[1]), channels[2])
    darkest = cv2.min(cv2.min(channels[0], channels[1]), channels[2])
    seen = (darkest >= _GLASS_LEVEL) & (darkest < _WHITE) & (brightest - darkest <= _GLASS_TINT)
    if seen.sum() < _GLASS_SHARE * seen.size:
        return np.full(3, float(_WHITE))
    return np.array([_brightest_peak(image[..., channel][seen]) for channel in range(3)])


def _brightest_peak(values: npt.NDArray[np.uint8]) -> float:
    counts = np.convolve(np.bincount(values, minlength=256), _SMOOTHING, mode="same")
    last = int(np.flatnonzero(counts >= _PEAK_SHARE * counts.max())[-1])
    below = last - 2 * (len(_SMOOTHING) // 2)
    return float(below + counts[below : last + 1].argmax())


def _looked_up(
    image: npt.NDArray[np.uint8], table: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """`image` with each level replaced by that channel's entry in `table`, (256, 3)."""
    return np.asarray(cv2.LUT(image, table[:, None]), dtype=np.float32)
