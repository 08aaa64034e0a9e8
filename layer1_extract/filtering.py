"""Which patches show too little to keep, judged by their pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from common.patch_file.schema import REASONS

if TYPE_CHECKING:
    import numpy.typing as npt

    from layer1_extract.config import FilterSettings


def pixel_reasons(
    patches: npt.NDArray[np.uint8], settings: FilterSettings
) -> npt.NDArray[np.uint8]:
    """Why each patch is rejected.

    Parameters
    ----------
    patches : (N, S, S, 3) uint8, RGB
    settings : FilterSettings

    Returns
    -------
    (N,) uint8
        A code of `REASONS`, ``white`` or ``black``; 0 where the patch is kept.
    """
    reasons = np.zeros(len(patches), dtype=np.uint8)
    for row, patch in enumerate(patches):
        if _is_white(patch, settings):
            reasons[row] = REASONS["white"]
        elif _is_black(patch, settings):
            reasons[row] = REASONS["black"]
    return reasons


def _is_white(patch: npt.NDArray[np.uint8], settings: FilterSettings) -> bool:
    """Whether too many pixels have all channels above the level.

    Three values of a white pixel are bright, so their number settles most patches of tissue, in a
    quarter of the time.
    """
    most = settings.max_white_fraction * (patch.size / 3)
    if _values(patch, settings.white_level, cv2.THRESH_BINARY) <= 3 * most:
        return False
    return _pixels(patch, settings.white_level + 1, 255) > most


def _is_black(patch: npt.NDArray[np.uint8], settings: FilterSettings) -> bool:
    """Whether too many pixels have all channels below the level; settled like white."""
    most, level = settings.max_black_fraction * (patch.size / 3), settings.black_level
    if patch.min() >= level or _values(patch, level - 1, cv2.THRESH_BINARY_INV) <= 3 * most:
        return False
    return _pixels(patch, 0, level - 1) > most


def _values(patch: npt.NDArray[np.uint8], level: int, kind: int) -> int:
    """Number of values, of any channel, on one side of a level."""
    return cv2.countNonZero(cv2.threshold(patch.reshape(-1), level, 1, kind)[1])


def _pixels(patch: npt.NDArray[np.uint8], low: int, high: int) -> int:
    """Number of pixels whose channels are all from `low` to `high`."""
    if low > high:
        return 0
    inside = cv2.inRange(patch, (low, low, low), (high, high, high))  # type: ignore[call-overload]
    return cv2.countNonZero(inside)
