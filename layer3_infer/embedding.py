"""Pictures inside a page: it needs no other file and no network."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from common.errors import ContractError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class EmbeddedPicture:
    """A picture as HTML takes it.

    Attributes
    ----------
    address : str
        ``data:`` address of a JPEG.
    width, height : int, px
    """

    address: str
    width: int
    height: int


def embed(path: Path, width: int, quality: int) -> EmbeddedPicture:
    """A picture file as an embedded JPEG at most `width` px wide; never enlarged.

    Raises
    ------
    ContractError
        If it is not there, or no picture.
    """
    try:
        encoded = np.frombuffer(path.read_bytes(), dtype=np.uint8)
    except OSError as error:
        found = str(error.strerror)
        raise ContractError(path, "picture", "a picture", found, "Make it anew") from error
    picture = cv2.imdecode(encoded, cv2.IMREAD_COLOR) if len(encoded) else None
    if picture is None:
        raise ContractError(
            path, "picture", "a picture", "bytes that do not decode", "Make it anew"
        )
    if picture.shape[1] > width:
        height = max(1, round(picture.shape[0] * width / picture.shape[1]))
        picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    done, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    text = base64.b64encode(jpeg.tobytes()).decode("ascii")
    return EmbeddedPicture(f"data:image/jpeg;base64,{text}", picture.shape[1], picture.shape[0])
