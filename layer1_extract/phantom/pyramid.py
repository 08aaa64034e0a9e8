"""A slide as a pyramidal, tiled JPEG BigTIFF that OpenSlide reads with its scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np
import tifffile

from layer1_extract.phantom.settings import MPP, TILE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import numpy.typing as npt

    Pixels = npt.NDArray[np.uint8]

QUALITY: Final = 85
_REDUCED: Final = 1  # NewSubfileType of a smaller copy; OpenSlide takes no other as a level
_UM_PER_CM: Final = 10_000


def write_pyramid(path: Path, tiles: Iterable[Pixels], size: int) -> None:
    """Write one slide; each level half the one before, down to one tile across.

    Parameters
    ----------
    path : Path
        Replaced if it exists.
    tiles : iterable of (512, 512, 3) uint8, RGB
        Level 0 by row, then by column; drawn one after the other, never held together.
    size : int, level-0 px
        Edge of the slide, a multiple of 512.
    """
    half = np.empty((size // 2, size // 2, 3), np.uint8)
    with tifffile.TiffWriter(path, bigtiff=True) as tif:
        shape = (size, size, 3)
        level_0 = _keeping_half(tiles, half)
        tif.write(level_0, shape=shape, dtype=np.uint8, **_layout(1), subfiletype=0)
        downsample, level = 2, half
        while size // downsample >= TILE:
            tif.write(level, **_layout(downsample), subfiletype=_REDUCED)
            downsample, level = downsample * 2, _halved(level)


def _keeping_half(tiles: Iterable[Pixels], half: Pixels) -> Iterator[Pixels]:
    """Pass tiles on, and fill in the next level on the way."""
    edge = TILE // 2
    across = len(half) // edge
    for number, pixels in enumerate(tiles):
        row, column = number // across * edge, number % across * edge
        half[row : row + edge, column : column + edge] = _halved(pixels)
        yield pixels


def _halved(pixels: Pixels) -> Pixels:
    """Means of 2 x 2 px."""
    height, width = pixels.shape[:2]
    reduced = cv2.resize(pixels, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    return np.asarray(reduced, np.uint8)


def _layout(downsample: int) -> dict[str, Any]:
    """What every level has in common, and its scale."""
    per_cm = _UM_PER_CM / (MPP * downsample)
    return {
        "tile": (TILE, TILE),
        "photometric": "rgb",
        "subsampling": (2, 2),
        "compression": "jpeg",
        "compressionargs": {"level": QUALITY},
        "resolution": (per_cm, per_cm),
        "resolutionunit": "CENTIMETER",
        "metadata": None,
        "software": "camnet phantom",
        "maxworkers": 1,
    }
