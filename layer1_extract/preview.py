"""One picture per slide that shows what was taken from where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from common.files import whole_file
from common.patch_file import schema
from common.patch_file.reader import PatchFile

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from layer1_extract.survey import Survey

Colour = tuple[int, int, int]
LONG_SIDE_PX: Final = 1200
TISSUE: Final = (0, 150, 60)
ANNOTATION: Final = (20, 20, 20)
PATCH: Final[dict[int, Colour]] = {
    schema.TUMOR: (213, 94, 0),  # Okabe and Ito's palette: told apart by the colour-blind
    schema.NORMAL: (0, 114, 178),
    schema.UNKNOWN: (120, 60, 160),
}
_LINE_PX: Final = 20


def write_preview(path: Path, known: Survey, patch_file: Path) -> None:
    """Write a thumbnail with tissue outline, annotations and the squares of the kept patches.

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
    picture = Image.fromarray(_tissue_outlined(thumbnail, known.mask.tissue))
    draw = ImageDraw.Draw(picture)
    for label, colour in PATCH.items():
        for x, y in (file.coords[file.labels == label] * scale).tolist():
            draw.rectangle((x, y, x + known.edge * scale, y + known.edge * scale), outline=colour)
    for ring in known.truth.outlines():
        draw.line([(float(x), float(y)) for x, y in ring * scale], fill=ANNOTATION, width=2)
    framed = _with_legend(picture, file, known.mask.fraction)
    file.close()
    with whole_file(path) as partial:
        framed.save(partial, format="PNG")


def _tissue_outlined(
    thumbnail: npt.NDArray[np.uint8], tissue: npt.NDArray[np.bool_]
) -> npt.NDArray[np.uint8]:
    height, width = thumbnail.shape[:2]
    mask = cv2.resize(tissue.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    outlines, _ = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    return np.asarray(cv2.drawContours(thumbnail.copy(), outlines, -1, TISSUE, 2), dtype=np.uint8)


def _with_legend(picture: Image.Image, file: PatchFile, tissue: float) -> Image.Image:
    """The picture above lines of text that say what its colours mean and how much there is."""
    counts, header = file.counts, file.header
    rejected = ", ".join(f"{counts[name]} {name}" for name in schema.REASONS if counts.get(name))
    lines: list[tuple[str, Colour]] = [
        (
            f"{header.slide_id}   {header.level0_mpp:g} um/px, "
            f"patches of {header.patch_size} px at {header.patch_mpp:g} um/px",
            ANNOTATION,
        ),
        (f"tissue {tissue:.1%} (outlined)", TISSUE),
        *[
            (f"{counts[schema.LABEL_NAMES[label]]} {schema.LABEL_NAMES[label]}", colour)
            for label, colour in PATCH.items()
            if counts[schema.LABEL_NAMES[label]]
        ],
        (f"rejected: {rejected or 'none'}; annotations in black", ANNOTATION),
    ]
    height = picture.height + _LINE_PX * len(lines) + 8
    framed = Image.new("RGB", (max(picture.width, 640), height), (255, 255, 255))
    framed.paste(picture, (0, 0))
    draw, font = ImageDraw.Draw(framed), ImageFont.load_default(size=14)
    for row, (text, colour) in enumerate(lines):
        draw.text((8, picture.height + 6 + row * _LINE_PX), text, fill=colour, font=font)
    return framed
