"""Pictures as bytes: without names, times or places in them."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from common.errors import ContractError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt


@dataclass(frozen=True)
class EmbeddedPicture:
    """A picture as HTML takes it: the page needs no other file.

    Attributes
    ----------
    address : str
        A ``data:`` address.
    width, height : int, px
    """

    address: str
    width: int
    height: int


def encoded(pixels: npt.NDArray[np.uint8], suffix: str, quality: int = 90) -> bytes:
    """(H, W, 3) RGB, or (H, W, 4) RGB and opacity, uint8, as ``.jpg`` or ``.png``."""
    order = [2, 1, 0, 3][: pixels.shape[2]]
    options = [cv2.IMWRITE_JPEG_QUALITY, quality] if suffix == ".jpg" else []
    done, data = cv2.imencode(suffix, np.ascontiguousarray(pixels[..., order]), options)
    assert done
    return data.tobytes()


def embed(pixels: npt.NDArray[np.uint8], suffix: str, quality: int = 90) -> EmbeddedPicture:
    """A picture inside a page. See `encoded`."""
    text = base64.b64encode(encoded(pixels, suffix, quality)).decode("ascii")
    kind = {".jpg": "jpeg", ".png": "png"}[suffix]
    return EmbeddedPicture(f"data:image/{kind};base64,{text}", pixels.shape[1], pixels.shape[0])


def reduced(pixels: npt.NDArray[np.uint8], width: int) -> npt.NDArray[np.uint8]:
    """A picture at most `width` px wide; never enlarged."""
    if pixels.shape[1] <= width:
        return pixels
    height = max(1, round(pixels.shape[0] * width / pixels.shape[1]))
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def read_picture(path: Path) -> npt.NDArray[np.uint8]:
    """The pixels of a picture file, (H, W, 3) uint8 RGB; nothing else that it says.

    Raises
    ------
    ContractError
        If it is not there, or no picture.
    """
    try:
        data = np.frombuffer(path.read_bytes(), dtype=np.uint8)
    except OSError as error:
        found = str(error.strerror)
        raise ContractError(path, "picture", "a picture", found, "Make it anew") from error
    pixels = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
    if pixels is None:
        raise ContractError(
            path, "picture", "a picture", "bytes that do not decode", "Make it anew"
        )
    return np.ascontiguousarray(pixels[..., ::-1], dtype=np.uint8)
