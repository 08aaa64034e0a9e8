"""The preview of a slide, from those of its parts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from common.errors import ContractError
from layer1_extract.preview import PICTURE_SIZE, SAID, save_framed, small_picture
from layer1_extract.squares import squares

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from common.patch_file.reader import PatchFile
    from layer1_extract.preview import Line


def join_previews(
    path: Path, previews: Sequence[Path], parts: Sequence[PatchFile], file: PatchFile
) -> None:
    """Write the preview that the slide has when it is not cut; the slide is not read.

    Parameters
    ----------
    path : Path
        PNG to write.
    previews : sequence of Path
        Of every part.
    parts : sequence of PatchFile
        In the same order.
    file : PatchFile
        Of the whole slide.

    Raises
    ------
    ContractError
        If a file is no preview, or not one of the same slide.
    """
    joined, small, said = _opened(previews[0])
    drawn = [squares(parts[0], *_size(picture)) for picture in (joined, small)]
    for preview, part in zip(previews[1:], parts[1:], strict=True):
        pictures = _opened(preview)[:2]
        for whole, picture, ranks in zip((joined, small), pictures, drawn, strict=True):
            if picture.shape != whole.shape:
                expected, found = (f"{w} x {h} px" for w, h in (_size(whole), _size(picture)))
                raise ContractError(preview, "preview", expected, found, "Extract it anew")
            own = squares(part, *_size(picture))
            whole[own > ranks] = picture[own > ranks]
            np.maximum(ranks, own, out=ranks)
    save_framed(path, Image.fromarray(joined), Image.fromarray(small), said, file)


def _size(picture: npt.NDArray[np.uint8]) -> tuple[int, int]:
    return picture.shape[1], picture.shape[0]


def _opened(
    preview: Path,
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8], list[Line]]:
    """The picture above the text and the small one, RGB, and the lines that hold for the slide."""
    try:
        with Image.open(preview) as image:
            width, height = map(int, str(image.info[PICTURE_SIZE]).split())
            small = np.array(small_picture(image), dtype=np.uint8)
            pixels = np.array(image.convert("RGB"), dtype=np.uint8)[:height, :width]
            said = [(text, tuple(colour)) for text, colour in json.loads(image.info[SAID])]
    except (OSError, LookupError, TypeError, ValueError) as error:
        raise ContractError(
            preview, "preview", "a picture of layer1-extract", str(error), "Extract it anew"
        ) from error
    return pixels, small, said
