"""One picture of a few patches of each class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from common.files import whole_file
from common.patch_file import schema
from common.patch_file.reader import PatchFile

if TYPE_CHECKING:
    from pathlib import Path

PER_CLASS: Final = 24
_COLUMNS: Final = 12
_EDGE_PX: Final = 96
_TEXT_PX: Final = 24


def write_contact_sheet(path: Path, patch_file: Path) -> None:
    """Write patches spread evenly through the file, by class, as a PNG.

    Parameters
    ----------
    path : Path
        PNG to write.
    patch_file : Path
        With pixels.
    """
    file = PatchFile(patch_file)
    bands = [
        _band(file, label, name)
        for label, name in schema.LABEL_NAMES.items()
        if (file.labels == label).any()
    ]
    file.close()
    sheet = Image.new("RGB", (_COLUMNS * _EDGE_PX, sum(b.height for b in bands)), "white")
    top = 0
    for band in bands:
        sheet.paste(band, (0, top))
        top += band.height
    with whole_file(path) as partial:
        sheet.save(partial, format="PNG")


def _band(file: PatchFile, label: int, name: str) -> Image.Image:
    """A title, and rows of patches of one class."""
    rows = np.flatnonzero(file.labels == label)
    chosen = np.unique(np.linspace(0, len(rows) - 1, PER_CLASS).astype(int))
    lines = -(-len(chosen) // _COLUMNS)
    band = Image.new("RGB", (_COLUMNS * _EDGE_PX, _TEXT_PX + lines * _EDGE_PX), "white")
    title = f"{name}: {len(chosen)} of {len(rows)}"
    ImageDraw.Draw(band).text((4, 4), title, fill="black", font=ImageFont.load_default(size=14))
    for place, patch in enumerate(file.read(rows[chosen])):
        row, column = divmod(place, _COLUMNS)
        small = Image.fromarray(patch).resize((_EDGE_PX, _EDGE_PX), Image.Resampling.BOX)
        band.paste(small, (column * _EDGE_PX, _TEXT_PX + row * _EDGE_PX))
    return band
