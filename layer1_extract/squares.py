"""The squares of patches on a picture of their slide.

Every pixel belongs to one square at most, of tumour before any other, whatever the order in which
the patches come: so the pictures of parts can be put together to that of the slide.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from common.patch_file import schema

if TYPE_CHECKING:
    import numpy.typing as npt

    from common.patch_file.reader import PatchFile

Colour = tuple[int, int, int]
PATCH: Final[dict[int, Colour]] = {
    schema.TUMOR: (213, 94, 0),  # Okabe and Ito's palette: told apart by the colour-blind
    schema.NORMAL: (0, 114, 178),
    schema.UNKNOWN: (120, 60, 160),
}
OUTLINED_FROM_PX: Final = 12.0
"""Smaller squares are filled: their outlines alone would hide the tissue."""

LEAST_PX: Final = 3
"""Edge of the smallest square drawn: a single patch on a large slide can be seen."""

_RANKS: Final = {schema.UNKNOWN: 1, schema.NORMAL: 2, schema.TUMOR: 3}
_OPACITY: Final = {schema.TUMOR: 0.5, schema.NORMAL: 0.22, schema.UNKNOWN: 0.22}
_SCATTERED: Final = 0.6  # opacity of squares that cover little


def squares(file: PatchFile, width: int, height: int) -> npt.NDArray[np.uint8]:
    """What is drawn at each pixel of a picture of the slide, (height, width) uint8.

    Parameters
    ----------
    file : PatchFile
    width, height : int, px
        Of the picture.

    Returns
    -------
    (height, width) uint8
        0 where there is no square; the greater number is drawn over the smaller.
    """
    ranks = np.zeros((height, width), np.uint8)
    scale = width / file.header.level0_width
    edge = file.header.patch_size_level0 * scale
    for label, rank in _RANKS.items():
        first = np.floor(file.coords[file.labels == label] * scale).astype(np.int32)
        last = round(edge) if _outlined(edge) else max(LEAST_PX, math.ceil(edge)) - 1
        for x, y in np.unique(first, axis=0).tolist():
            cv2.rectangle(ranks, (x, y), (x + last, y + last), rank, 1 if _outlined(edge) else -1)
    return ranks


def with_squares(picture: npt.NDArray[np.uint8], file: PatchFile) -> npt.NDArray[np.uint8]:
    """The picture of a slide, (H, W, 3) uint8 RGB, with the squares of its patches.

    Large squares are outlined. Small ones are tinted, those side by side so lightly that the
    tissue below them is seen.
    """
    height, width = picture.shape[:2]
    ranks = squares(file, width, height)
    edge = file.header.patch_size_level0 * width / file.header.level0_width
    drawn = picture.copy()
    for label, rank in _RANKS.items():
        share = 1.0 if _outlined(edge) else _opacity(file, label)
        below = picture[ranks == rank]
        drawn[ranks == rank] = np.rint(share * np.array(PATCH[label]) + (1 - share) * below)
    return drawn


def _outlined(edge: float) -> bool:
    return edge >= OUTLINED_FROM_PX


def _opacity(file: PatchFile, label: int) -> float:
    dense = file.header.sampling.get("method") == schema.DENSE
    return _OPACITY[label] if dense else _SCATTERED
