"""One image file in memory to the pixels of a patch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from common.compositing import on_white
from common.errors import ContractError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

_ADVICE: Final = "Remove the file, or copy it anew"


def decode_image(source: Path, name: str, content: bytes) -> npt.NDArray[np.uint8]:
    """Pixels of an image, transparent ones white.

    Parameters
    ----------
    source : Path
        Folder or zip file the image is from, for the message.
    name : str
        Of the image in it.
    content : bytes
        The file: grey or colour, 8 bit, with or without alpha.

    Returns
    -------
    (H, W, 3) uint8, RGB

    Raises
    ------
    ContractError
        If the bytes do not decode, or a channel has another depth than 8 bit.
    """
    if not content:
        raise ContractError(source, name, "an image", "an empty file", _ADVICE)
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        found = f"bytes that do not decode ({str(error.err).strip()})"
        raise ContractError(source, name, "an image", found, _ADVICE) from error
    if image is None:
        raise ContractError(source, name, "an image", "bytes that do not decode", _ADVICE)
    if image.dtype != np.uint8:
        found = f"{8 * image.dtype.itemsize} bit"
        raise ContractError(source, name, "8 bit per channel", found, "Convert the image")
    return _rgb(np.asarray(image, dtype=np.uint8))


def _rgb(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """(H, W) grey, (H, W, 3) BGR or (H, W, 4) BGRA to (H, W, 3) RGB."""
    if image.ndim == 2:
        return np.repeat(image[..., np.newaxis], 3, axis=2)
    bgr = on_white(image) if image.shape[2] == 4 else image
    return np.ascontiguousarray(bgr[..., ::-1])
