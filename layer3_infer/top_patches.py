"""One picture of the patches of a slide where the heatmap is highest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from common.patches import PatchSpec
from layer3_infer.sheet import CELL, Sheet
from layer3_infer.wording import probability

if TYPE_CHECKING:
    from pathlib import Path

    from common.slides import Slide
    from layer3_infer.heatmap_file import HeatmapFile

COUNT: Final = 6
_GAP: Final = 14
_MARGIN: Final = 20
HEAD: Final = 62
"""Height, px, of the title; a page that has its own shows what is below."""
_TEXT: Final = 50


def write_top_patches(path: Path, slide: Slide, made: HeatmapFile) -> None:
    """Write the picture as a PNG, whole or not at all; highest probability first.

    Parameters
    ----------
    path : Path
    slide : Slide
        Read at the size and scale the network saw.
    made : HeatmapFile

    Raises
    ------
    SlideError
        If a patch cannot be read.
    """
    corners, scores = made.heatmap.top(COUNT)
    spec = PatchSpec(made.header.patch_size, made.header.patch_mpp)
    sheet = Sheet(2 * _MARGIN + COUNT * (CELL + _GAP) - _GAP, HEAD + CELL + _TEXT + _MARGIN)
    sheet.text(_MARGIN, 30, f"{made.header.slide_id}: where to look first", size=15)
    for number, ((x, y), score) in enumerate(zip(corners.tolist(), scores, strict=True)):
        left = _MARGIN + number * (CELL + _GAP)
        sheet.patch(slide.read(x, y, spec), left, HEAD)
        sheet.text(left, HEAD + CELL + 16, f"P(tumour) {probability(score)}", size=11)
        sheet.text(left, HEAD + CELL + 34, f"x {x}, y {y}", size=9, color="#444444")
    if not len(scores):
        sheet.text(_MARGIN, HEAD + CELL / 2, "No patch was analysed.", size=11, color="#444444")
    sheet.save(path)
