"""One picture per slide that shows what was taken from where."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from common.files import whole_file
from common.patch_file import schema
from common.patch_file.reader import PatchFile
from layer1_extract.lettering import wrapped

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from common.patch_file.schema import Header
    from layer1_extract.survey import Survey

Colour = tuple[int, int, int]
Line = tuple[str, Colour]
LONG_SIDE_PX: Final = 1200
TISSUE: Final = (0, 150, 60)
PEN: Final = (230, 159, 0)
SUSPECT: Final = (200, 0, 0)
ANNOTATION: Final = (20, 20, 20)
PATCH: Final[dict[int, Colour]] = {
    schema.TUMOR: (213, 94, 0),  # Okabe and Ito's palette: told apart by the colour-blind
    schema.NORMAL: (0, 114, 178),
    schema.UNKNOWN: (120, 60, 160),
}
PICTURE_SIZE: Final = "picture_size"
"""Text entry of the PNG: width and height, px, of the picture above its lines of text."""

SAID: Final = "said"
"""Text entry of the PNG: the lines that hold for all parts of the slide, with colours, as JSON."""

_LINE_PX: Final = 20
_TEXT_PX: Final = 14
_LEAST_WIDTH: Final = 640


def write_preview(path: Path, known: Survey, patch_file: Path) -> None:
    """Write a thumbnail with outlines of tissue and pen, annotations and squares of kept patches.

    Parameters
    ----------
    path : Path
        PNG to write.
    known : Survey
    patch_file : Path
        The finished patch file of the slide.
    """
    pyramid = known.slide.pyramid
    mpp = pyramid.mpp * max(1.0, max(pyramid.width, pyramid.height) / LONG_SIDE_PX)
    thumbnail = known.slide.thumbnail(mpp)
    scale = thumbnail.shape[1] / pyramid.width
    file = PatchFile(patch_file)
    outlined = _outlined(_outlined(thumbnail, known.mask.tissue, TISSUE), known.mask.pen, PEN)
    picture = Image.fromarray(outlined)
    draw = ImageDraw.Draw(picture)
    edge = known.edge * scale
    for label, colour in PATCH.items():
        for x, y in (file.coords[file.labels == label] * scale).tolist():
            draw.rectangle((x, y, x + edge, y + edge), outline=colour)
    for ring in known.truth.outlines():
        draw.line([(float(x), float(y)) for x, y in ring * scale], fill=ANNOTATION, width=2)
    save_framed(path, picture, _lines_of_slide(file.header, known), file)
    file.close()


def save_framed(path: Path, picture: Image.Image, said: Sequence[Line], file: PatchFile) -> None:
    """Write a picture above the lines `said` of the slide, and those that count its patches."""
    texts = PngInfo()
    texts.add_text(PICTURE_SIZE, f"{picture.width} {picture.height}")
    texts.add_text(SAID, json.dumps(said))
    framed = _with_legend(picture, [*said, *_lines_of_patches(file)])
    with whole_file(path) as partial:
        framed.save(partial, format="PNG", pnginfo=texts)


def _outlined(
    thumbnail: npt.NDArray[np.uint8], plane: npt.NDArray[np.bool_], colour: Colour
) -> npt.NDArray[np.uint8]:
    height, width = thumbnail.shape[:2]
    mask = cv2.resize(plane.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    outlines, _ = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    return np.asarray(cv2.drawContours(thumbnail.copy(), outlines, -1, colour, 2), dtype=np.uint8)


def _lines_of_slide(header: Header, known: Survey) -> list[Line]:
    """What is known of the slide, whichever of its patches are shown."""
    mask = known.mask
    scale = (
        f"{header.slide_id}   {header.level0_mpp:g} um/px, "
        f"patches of {header.patch_size} px at {header.patch_mpp:g} um/px"
    )
    suspect = [(f"SUSPECT: {known.suspect}", SUSPECT)] if known.suspect else []
    tissue = (f"tissue {mask.fraction:.1%} (outlined; mask {known.mask_source})", TISSUE)
    pen = [(f"pen {mask.pen_fraction:.1%} (outlined)", PEN)] if mask.pen.any() else []
    return [(scale, ANNOTATION), *suspect, tissue, *pen]


def _lines_of_patches(file: PatchFile) -> list[Line]:
    """How many patches there are of each colour, and why others are not."""
    counts = file.counts
    rejected = ", ".join(f"{counts[name]} {name}" for name in schema.REASONS if counts.get(name))
    kept = [
        (f"{counts[schema.LABEL_NAMES[label]]} {schema.LABEL_NAMES[label]}", colour)
        for label, colour in PATCH.items()
        if counts[schema.LABEL_NAMES[label]]
    ]
    return [*kept, (f"rejected: {rejected or 'none'}; annotations in black", ANNOTATION)]


def _with_legend(picture: Image.Image, legend: Sequence[Line]) -> Image.Image:
    """The picture above the lines of its legend."""
    width = max(picture.width, _LEAST_WIDTH)
    font = ImageFont.load_default(size=_TEXT_PX)
    lines = [(line, colour) for text, colour in legend for line in wrapped(text, width - 16, font)]
    height = picture.height + _LINE_PX * len(lines) + 8
    framed = Image.new("RGB", (width, height), (255, 255, 255))
    framed.paste(picture, (0, 0))
    draw = ImageDraw.Draw(framed)
    for row, (text, colour) in enumerate(lines):
        draw.text((8, picture.height + 6 + row * _LINE_PX), text, fill=colour, font=font)
    return framed
