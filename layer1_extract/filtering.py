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
        if _share(patch, settings.white_level + 1, 255) > settings.max_white_fraction:
            reasons[row] = REASONS["white"]
        elif _share(patch, 0, settings.black_level - 1) > settings.max_black_fraction:
            reasons[row] = REASONS["black"]
    return reasons


def _share(patch: npt.NDArray[np.uint8], low: int, high: int) -> float:
    """Share of pixels whose channels are all from `low` to `high`."""
    if low > high:
        return 0.0
    inside = cv2.inRange(patch, (low, low, low), (high, high, high))  # type: ignore[call-overload]
    return cv2.countNonZero(inside) / inside.size
