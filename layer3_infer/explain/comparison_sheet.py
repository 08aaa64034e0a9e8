"""One picture of the explained patches of a slide by several methods: a row per patch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from layer3_infer.explain.colours import laid_over
from layer3_infer.explain.contact_sheet import (
    GREY,
    draw_scale,
    lines_of,
    measures_of,
)
from layer3_infer.explainers import EXPLAINERS
from layer3_infer.sheet import CELL, Sheet

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from layer3_infer.explain.explanation_file import SlideExplanations

_GAP: Final = 14
_MARGIN: Final = 20
_HEAD: Final = 96
_TEXT: Final = 62
_SCALE: Final = 110


def write_comparison(path: Path, found: Sequence[SlideExplanations]) -> None:
    """Write the picture as a PNG, whole or not at all.

    Parameters
    ----------
    path : Path
    found : sequence of SlideExplanations
        One per method, of the same patches in the same order.
    """
    kinds = list(dict.fromkeys(EXPLAINERS[one.header.method].signed for one in found))
    rows = list(zip(*(one.explanations for one in found), strict=True))
    left = 2 * _MARGIN + (len(found) + 1) * (CELL + _GAP)
    sheet = Sheet(left + _SCALE * len(kinds), _HEAD + len(rows) * (CELL + _TEXT) + _MARGIN)
    sheet.text(_MARGIN, 26, found[0].header.slide_id, size=15)
    sheet.text(_MARGIN, 52, _said(found), size=11, color=GREY)
    titles = ["patch", *(EXPLAINERS[one.header.method].title for one in found)]
    for column, title in enumerate(titles):
        sheet.text(_MARGIN + column * (CELL + _GAP), _HEAD - 14, title, size=11)
    for number, row in enumerate(rows):
        top = _HEAD + number * (CELL + _TEXT)
        first, second = lines_of(row[0])
        sheet.patch(row[0].patch, _MARGIN, top)
        sheet.text(_MARGIN, top + CELL + 14, first, size=11)
        sheet.text(_MARGIN, top + CELL + 32, second, size=9, color=GREY)
        for column, explanation in enumerate(row, start=1):
            x = _MARGIN + column * (CELL + _GAP)
            sheet.patch(laid_over(explanation), x, top)
            sheet.text(x, top + CELL + 14, measures_of(explanation), size=9, color=GREY)
    if rows:
        for number, signed in enumerate(kinds):
            shown = next(one.header.method for one in found if _is_signed(one) == signed)
            draw_scale(sheet, shown, (left + _SCALE * number, _HEAD, 16, CELL))
    sheet.save(path)


def _said(found: Sequence[SlideExplanations]) -> str:
    signed = [EXPLAINERS[one.header.method].title for one in found if _is_signed(one)]
    against = f"; {', '.join(signed)}: in red, and in turquoise what speaks against"
    return f"beside each patch, what in it speaks for tumour{against if signed else ''}"


def _is_signed(found: SlideExplanations) -> bool:
    return EXPLAINERS[found.header.method].signed
