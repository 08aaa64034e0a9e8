"""How the pixels of a patch are stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Stored = npt.NDArray[np.uint8] | list[npt.NDArray[np.uint8]] | None
    """Patches as a codec stores them: (N, S, S, 3), or N JPEG files, each (B,), or no pixels."""

Codec = Literal["raw", "jpeg", "none"]


def encoded(patches: npt.NDArray[np.uint8], codec: Codec, quality: int) -> Stored:
    """Patches, (N, S, S, 3) uint8 RGB, as `codec` stores them."""
    if codec == "jpeg":
        return [encode_jpeg(patch, quality) for patch in patches]
    return patches if codec == "raw" else None


def encode_jpeg(patch: npt.NDArray[np.uint8], quality: int) -> npt.NDArray[np.uint8]:
    """One patch as a JPEG file, colours at half resolution.

    Parameters
    ----------
    patch : (S, S, 3) uint8, RGB
    quality : int, 1 to 100

    Returns
    -------
    (B,) uint8
    """
    bgr = cv2.cvtColor(patch, cv2.COLOR_RGB2BGR)
    done, encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError(f"a patch of shape {patch.shape} cannot be written as JPEG")
    return encoded.ravel()


def decode_jpeg(encoded: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8] | None:
    """The patch a JPEG file holds, (S, S, 3) uint8 RGB; None where it does not decode."""
    try:
        bgr = cv2.imdecode(encoded, cv2.IMREAD_COLOR) if len(encoded) else None
    except cv2.error:  # of damaged bytes OpenCV refuses some, and stumbles over others
        return None
    return None if bgr is None else np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
