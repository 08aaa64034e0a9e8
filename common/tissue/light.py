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
    import numpy.typing as npt

_GLASS_LEVEL: Final = 180  # glass is at least as bright as this in every channel
_GLASS_TINT: Final = 30  # its channels differ by no more
_GLASS_SHARE: Final = 0.005  # with less of the slide like that, no glass is seen at all
_PEAK_SHARE: Final = 0.3  # of the highest peak; the brightest such peak is glass, not pale tissue
_SMOOTHING: Final = (1, 2, 3, 2, 1)  # of the histogram of levels
_WHITE: Final = 255  # a pixel of 255 in every channel was never scanned


@dataclass(frozen=True, eq=False)
class Absorption:
    """What a slide took of the light.

    Attributes
    ----------
    density : (H, W, 3) float32
        Decimal optical density in red, green and blue; 0 where as bright as glass or brighter.
    saturation : (H, W) uint8
        Of the colour, with glass made white.
    """

    density: npt.NDArray[np.float32]
    saturation: npt.NDArray[np.uint8]

    @property
    def mean_density(self) -> npt.NDArray[np.float32]:
        """(H, W) float32, mean of the channels."""
        third = np.full((1, 3), 1 / 3, np.float32)
        return np.asarray(cv2.transform(self.density, third), dtype=np.float32)


def absorption(thumbnail: npt.NDArray[np.uint8]) -> Absorption:
    """What the slide in `thumbnail`, (H, W, 3) uint8 RGB, took of the light, without specks."""
    image = np.asarray(cv2.medianBlur(thumbnail, 3), dtype=np.uint8)
    glass = glass_colour(image)
    level = np.arange(256, dtype=np.float64)[:, None]
    density = -np.log10(np.maximum(level, 1) / glass)
    balanced = np.rint(level * _WHITE / glass).clip(max=_WHITE)
    white = np.asarray(cv2.LUT(image, balanced.astype(np.uint8)[:, None]))
    return Absorption(
        density=_looked_up(image, np.maximum(density, 0).astype(np.float32)),
        saturation=np.asarray(cv2.cvtColor(white, cv2.COLOR_RGB2HSV)[..., 1], dtype=np.uint8),
    )


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
