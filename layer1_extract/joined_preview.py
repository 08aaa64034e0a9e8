"""The preview of a slide, from those of its parts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from common.errors import ContractError
from layer1_extract.preview import PATCH, PICTURE_SIZE, SAID, save_framed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from common.patch_file.reader import PatchFile
    from layer1_extract.preview import Line


def join_previews(path: Path, previews: Sequence[Path], file: PatchFile) -> None:
    """Write the preview that the slide has when it is not cut; the slide is not read.

    Parameters
    ----------
    path : Path
        PNG to write.
    previews : sequence of Path
        Of every part.
    file : PatchFile
        Of the whole slide.

    Raises
    ------
    ContractError
        If a file is no preview.
    """
    (joined, said), *others = [_opened(preview) for preview in previews]
    parts = [joined.copy(), *(pixels for pixels, _ in others)]
    for colour in PATCH.values():  # in the order in which the squares of a whole slide are drawn
        for pixels in parts:
            joined[(pixels == colour).all(axis=2)] = colour
    save_framed(path, Image.fromarray(joined), said, file)


def _opened(preview: Path) -> tuple[npt.NDArray[np.uint8], list[Line]]:
    """The picture above the text, (H, W, 3) uint8, and the lines that hold for the slide."""
    try:
        with Image.open(preview) as image:
            width, height = map(int, str(image.info[PICTURE_SIZE]).split())
            pixels = np.array(image.convert("RGB"), dtype=np.uint8)[:height, :width]
            said = [(text, tuple(colour)) for text, colour in json.loads(image.info[SAID])]
    except (OSError, LookupError, TypeError, ValueError) as error:
        raise ContractError(
            preview, "preview", "a picture of layer1-extract", str(error), "Extract it anew"
        ) from error
    return pixels, said
