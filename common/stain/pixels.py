"""The pixels a stain is measured on, and optical density."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

LEAST_PIXELS: Final = 1000
"""Fewer pixels of tissue say nothing about a slide."""

LEAST_DENSITY: Final = 0.25
"""Of tissue, mean of red, green and blue, natural logarithm: L* 80. Dim glass is fainter still."""

_MOST_PIXELS: Final = 1 << 18
_BLACK: Final = 15  # what is no brighter in any channel is ink, dust or a scanner's edge

DENSITY: Final = -np.log(np.maximum(np.arange(256), 1) / 255)
"""Optical density of each level of a channel, natural logarithm; (256,) float64, 0 is white."""


class StainError(ValueError):
    """The pixels do not say what a method wants to know; the message says why."""


def tissue_pixels(patches: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Pixels of tissue, in an order of their own, so that nothing depends on that of the patches.

    Of large patches every second, third, ... row and column is taken: about a quarter of a million
    pixels are enough.

    Parameters
    ----------
    patches : (N, S, S, 3) uint8, RGB

    Returns
    -------
    (P, 3) uint8, RGB

    Raises
    ------
    StainError
        If there are too few.
    """
    step = max(1, int(np.ceil(np.sqrt(patches[..., 0].size / _MOST_PIXELS))))
    pixels = patches[:, ::step, ::step].reshape(-1, 3)
    stained = DENSITY[pixels].mean(axis=1) > LEAST_DENSITY
    tissue = pixels[stained & (pixels.max(axis=1) > _BLACK)]
    if len(tissue) < LEAST_PIXELS:
        raise StainError(
            f"{len(tissue)} of {len(pixels)} pixels looked at are tissue, fewer than {LEAST_PIXELS}"
        )
    red, green, blue = tissue.astype(np.int32).T
    packed = np.sort(red << 16 | green << 8 | blue)
    return np.stack([packed >> 16, packed >> 8 & 255, packed & 255], axis=1).astype(np.uint8)
