"""How the pixels of a patch are stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import cv2
import simplejpeg

if TYPE_CHECKING:
    import numpy as np
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


def decode_jpeg(encoded: npt.NDArray[np.uint8], patch: npt.NDArray[np.uint8]) -> None:
    """Decode a JPEG file into `patch`, (S, S, 3) uint8 RGB. Threads may do so at once.

    Raises
    ------
    ValueError
        Saying what is there instead, where it does not decode or is of another shape.
    """
    try:
        height, width, _, _ = simplejpeg.decode_jpeg_header(encoded)
        if (height, width, 3) == patch.shape:
            simplejpeg.decode_jpeg(encoded, "RGB", buffer=patch)
            return
    except ValueError as error:
        raise ValueError("bytes that do not decode") from error
    raise ValueError(f"a patch of {(height, width, 3)}")
