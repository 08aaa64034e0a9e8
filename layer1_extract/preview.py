"""One picture per slide that shows what was taken from where."""

from __future__ import annotations

import io
import json
from contextlib import closing
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from common.files import whole_file
from common.patch_file import schema
from common.patch_file.reader import PatchFile
from layer1_extract.lettering import wrapped
from layer1_extract.squares import PATCH, Colour, with_squares

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from common.patch_file.schema import Header
    from layer1_extract.survey import Survey

Line = tuple[str, Colour]
LONG_SIDE_PX: Final = 1200
TISSUE: Final = (0, 150, 60)
PEN: Final = (230, 159, 0)
SUSPECT: Final = (200, 0, 0)
ANNOTATION: Final = (20, 20, 20)
PICTURE_SIZE: Final = "picture_size"
"""Text entry of the PNG: width and height, px, of the picture above its lines of text."""

SAID: Final = "said"
"""Text entry of the PNG: the lines that hold for all parts of the slide, with colours, as JSON."""

SMALL: Final = b"smAl"
"""Chunk of the PNG: the picture drawn anew as large as fits `SMALL_SIZE`, itself a PNG."""

SMALL_SIZE: Final = (220, 176)
"""Greatest width and height of the small picture, px."""

_LINE_PX: Final = 20
_TEXT_PX: Final = 14
_LEAST_WIDTH: Final = 640


def write_preview(path: Path, known: Survey, patch_file: Path) -> None:
    """Write a thumbnail with squares of kept patches, outlines of tissue and pen, and annotations.

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
    height, width = thumbnail.shape[:2]
    share = min(1.0, SMALL_SIZE[0] / width, SMALL_SIZE[1] / height)
    size = (max(1, int(width * share)), max(1, int(height * share)))
    reduced = np.asarray(cv2.resize(thumbnail, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    with closing(PatchFile(patch_file)) as file:
        picture, small = _drawn(thumbnail, known, file, 2), _drawn(reduced, known, file, 1)
        save_framed(path, picture, small, _lines_of_slide(file.header, known), file)


def save_framed(
    path: Path, picture: Image.Image, small: Image.Image, said: Sequence[Line], file: PatchFile
) -> None:
    """Write a picture above the lines `said` of the slide, and those that count its patches."""
    with io.BytesIO() as stream:
        small.save(stream, format="PNG")
        encoded = stream.getvalue()
    beside = PngInfo()
    beside.add_text(PICTURE_SIZE, f"{picture.width} {picture.height}")
    beside.add_text(SAID, json.dumps(said))
    beside.add(SMALL, encoded)
    framed = _with_legend(picture, [*said, *_lines_of_patches(file)])
    with whole_file(path) as partial:
        framed.save(partial, format="PNG", pnginfo=beside)


def small_picture(preview: Image.Image) -> Image.Image:
    """The small picture of an open preview.

    Raises
    ------
    KeyError
        If there is none.
    OSError
        If it is damaged.
    """
    chunks = {name: content for name, content, *_ in getattr(preview, "private_chunks", [])}
    with Image.open(io.BytesIO(chunks[SMALL])) as small:
        return small.convert("RGB")


def _drawn(
    thumbnail: npt.NDArray[np.uint8], known: Survey, file: PatchFile, line: int
) -> Image.Image:
    """Patches below all lines, which are `line` px wide."""
    shown = with_squares(thumbnail, file)
    for plane, colour in ((known.mask.tissue, TISSUE), (known.mask.pen, PEN)):
        shown = _outlined(shown, plane, colour, line)
    picture = Image.fromarray(shown)
    draw = ImageDraw.Draw(picture)
    scale = picture.width / known.slide.pyramid.width
    for ring in known.truth.outlines():
        draw.line([(float(x), float(y)) for x, y in ring * scale], fill=ANNOTATION, width=line)
    return picture


def _outlined(
    picture: npt.NDArray[np.uint8], plane: npt.NDArray[np.bool_], colour: Colour, line: int
) -> npt.NDArray[np.uint8]:
    height, width = picture.shape[:2]
    mask = cv2.resize(plane.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    outlines, _ = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    return np.asarray(cv2.drawContours(picture.copy(), outlines, -1, colour, line), dtype=np.uint8)


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
