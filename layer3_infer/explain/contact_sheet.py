"""One picture of the explained patches of a slide: each patch, and its map laid over it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from common.patch_file.schema import NORMAL, TUMOR, UNKNOWN
from layer3_infer.explain.colours import laid_over, scale_colours
from layer3_infer.explainers import EXPLAINERS
from layer3_infer.sheet import CELL, Sheet
from layer3_infer.wording import probability

if TYPE_CHECKING:
    from pathlib import Path

    from layer3_infer.explain.explanation import Explanation
    from layer3_infer.explain.explanation_file import SlideExplanations

COLUMNS: Final = 6
GREY: Final = "#444444"
_LABELS: Final = {
    TUMOR: "label tumour",
    NORMAL: "label normal",
    UNKNOWN: "label not known",
}
_GAP: Final = 14
_TEXT: Final = 58
_MEASURES: Final = 18
_MARGIN: Final = 20
_HEAD: Final = 84
_BAR_SPACE: Final = 130


def write_contact_sheet(path: Path, found: SlideExplanations) -> None:
    """Write the picture as a PNG, whole or not at all."""
    count = len(found.explanations)
    columns = max(1, min(COLUMNS, count))
    rows = -(-count // columns)
    measured = any(explanation.measures for explanation in found.explanations)
    block = 2 * CELL + _TEXT + measured * _MEASURES + 2 * _GAP
    width = max(columns * (CELL + _GAP), 640)
    sheet = Sheet(2 * _MARGIN + width + _BAR_SPACE, _HEAD + rows * block + _MARGIN)
    header = found.header
    sheet.text(_MARGIN, 26, header.slide_id, size=15)
    title = EXPLAINERS[header.method].title
    sheet.text(_MARGIN, 56, f"{title}: below each patch, {said_of(header.method)}", 11, color=GREY)
    for number, explanation in enumerate(found.explanations):
        row, column = divmod(number, columns)
        _draw(sheet, explanation, (_MARGIN + column * (CELL + _GAP), _HEAD + row * block))
    if count:
        draw_scale(sheet, header.method, (_MARGIN + width + 20, _HEAD, 20, 2 * CELL))
    sheet.save(path)


def said_of(method: str) -> str:
    """What the colours of a method's maps mean."""
    if EXPLAINERS[method].signed:
        return "what in it speaks for tumour (red), and what against (turquoise)"
    return "what in it speaks for tumour; what speaks against is not shown"


def lines_of(explanation: Explanation) -> tuple[str, str]:
    """What is known of a patch: its probability; its label and place."""
    x, y = explanation.x, explanation.y
    where = f"x {x}, y {y}" if x >= 0 else "no place on a slide"
    return (
        f"P(tumour) {probability(explanation.probability)}",
        f"{_LABELS[explanation.label]}; {where}",
    )


def measures_of(explanation: Explanation) -> str:
    """How far to believe a map, where its method says so."""
    measures = explanation.measures
    if math.isnan(measures.get("r2", 0.0)):
        return "the answer does not move"
    said = [f"R2 {measures['r2']:.2f}"] if "r2" in measures else []
    if "rank_correlation" in measures:
        said.append(f"repeats agree {measures['rank_correlation']:.2f}")
    return ", ".join(said)


def draw_scale(sheet: Sheet, method: str, place: tuple[int, int, int, int]) -> None:
    """The colour bar of a method, as the colours look over white."""
    x, y, width, height = place
    short = "share of the strongest place"
    strongest = short if height < 2 * CELL else "share of the patch's own strongest place"
    if not EXPLAINERS[method].signed:
        sheet.scale(scale_colours(method), place, strongest)
        return
    sheet.scale(scale_colours(method), place, strongest, ticks=())
    ends = (("for", 0.02), ("nothing", 0.5), ("against", 0.98))
    for text, share in ends:
        sheet.text(x + width + 30, y + share * height, text, size=9, color=GREY)


def _draw(sheet: Sheet, explanation: Explanation, place: tuple[int, int]) -> None:
    x, y = place
    sheet.patch(explanation.patch, x, y)
    sheet.patch(laid_over(explanation), x, y + CELL + 4)
    below = y + 2 * CELL + 4
    first, second = lines_of(explanation)
    sheet.text(x, below + 16, first, size=11)
    sheet.text(x, below + 34, second, size=9, color=GREY)
    sheet.text(x, below + 52, measures_of(explanation), size=9, color=GREY)
