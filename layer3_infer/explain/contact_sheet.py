"""One picture of the explained patches of a slide: each patch, and its map laid over it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from common.patch_file.schema import NORMAL, TUMOR, UNKNOWN
from layer3_infer.explainers import EXPLAINERS
from layer3_infer.sheet import CELL, Sheet

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from layer3_infer.explain.explanation import Explanation
    from layer3_infer.explain.explanation_file import SlideExplanations

COLOUR_MAP: Final = "inferno"
COLUMNS: Final = 6
OPACITY: Final = 0.65
_LABELS: Final = {
    TUMOR: "label tumour",
    NORMAL: "label normal",
    UNKNOWN: "label not known",
}
_GAP: Final = 14
_TEXT: Final = 58
_MARGIN: Final = 20
_HEAD: Final = 84
_BAR_SPACE: Final = 130


def laid_over(
    patch: npt.NDArray[np.uint8], attribution: npt.NDArray[np.float32]
) -> npt.NDArray[np.uint8]:
    """A patch with the map over it: the stronger, the more opaque; 0 leaves the patch as it is.

    Parameters
    ----------
    patch : (S, S, 3) uint8, RGB
    attribution : (S, S) float32, in [0, 1]

    Returns
    -------
    (S, S, 3) uint8, RGB
    """
    import matplotlib as mpl

    colour = 255 * np.asarray(mpl.colormaps[COLOUR_MAP](attribution))[..., :3]
    opacity = OPACITY * attribution[..., None].astype(np.float64)
    return np.rint(patch * (1 - opacity) + colour * opacity).astype(np.uint8)


def write_contact_sheet(path: Path, found: SlideExplanations) -> None:
    """Write the picture as a PNG, whole or not at all."""
    count = len(found.explanations)
    columns = max(1, min(COLUMNS, count))
    rows = -(-count // columns)
    block = 2 * CELL + _TEXT + 2 * _GAP
    width = max(columns * (CELL + _GAP), 560)
    sheet = Sheet(2 * _MARGIN + width + _BAR_SPACE, _HEAD + rows * block + _MARGIN)
    header = found.header
    sheet.text(_MARGIN, 26, header.slide_id, size=15)
    said = f"{EXPLAINERS[header.method].title}: below each patch, what in it speaks for tumour"
    sheet.text(_MARGIN, 56, said, size=11, color="#444444")
    for number, explanation in enumerate(found.explanations):
        row, column = divmod(number, columns)
        place = (_MARGIN + column * (CELL + _GAP), _HEAD + row * block)
        _draw(sheet, explanation, place)
    if count:
        _draw_scale(sheet, (_MARGIN + width + 20, _HEAD, 20, 2 * CELL))
    sheet.save(path)


def _draw(sheet: Sheet, explanation: Explanation, place: tuple[int, int]) -> None:
    x, y = place
    over = laid_over(explanation.patch, explanation.attribution)
    sheet.patch(explanation.patch, x, y)
    sheet.patch(over, x, y + CELL + 4)
    below = y + 2 * CELL + 4
    sheet.text(x, below + 16, f"P(tumour) {explanation.probability:.3f}", size=11)
    label, left, top = explanation.label, explanation.x, explanation.y
    known = _LABELS[label]
    where = f"x {left}, y {top}" if left >= 0 else "no place on a slide"
    sheet.text(x, below + 34, f"{known}; {where}", size=9, color="#444444")


def _draw_scale(sheet: Sheet, place: tuple[int, int, int, int]) -> None:
    """The colour bar, as the colours look over white."""
    import matplotlib as mpl

    value = np.linspace(0, 1, 256)[:, None]
    colour = np.asarray(mpl.colormaps[COLOUR_MAP](value[:, 0]))[:, :3]
    shown = colour * OPACITY * value + 1 - OPACITY * value
    sheet.scale(shown, place, "share of the patch's own strongest place")
