"""Transparent pixels on white."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt


def on_white(rgba: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """An image with straight alpha as it looks on a white ground.

    Glass is white: what was never scanned, or cut away, is transparent and must not turn black.

    Parameters
    ----------
    rgba : (H, W, 4) uint8
        Alpha last; the three colours may come in any order.

    Returns
    -------
    (H, W, 3) uint8
        The colours in the order given.

    Examples
    --------
    >>> on_white(np.array([[[200, 0, 0, 255], [0, 0, 0, 0]]], np.uint8)).tolist()
    [[[200, 0, 0], [255, 255, 255]]]
    """
    alpha = rgba[..., 3:]
    if alpha.min(initial=255) == 255:
        return np.ascontiguousarray(rgba[..., :3])
    share = alpha.astype(np.float32) / 255
    return np.rint(rgba[..., :3] * share + 255 * (1 - share)).astype(np.uint8)
