"""What all pictures of layer 2 share: colours, and how files are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from common.files import whole_file

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure

COLOURS: Final = ("#0072b2", "#d55e00", "#009e73")
"""Told apart by colour-blind readers too (Okabe and Ito)."""
MARKERS: Final = ("o", "s", "^")
GREY: Final = "0.6"
_DPI: Final = 150


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, whole or not at all."""
    with whole_file(path) as partial:
        figure.savefig(partial, format="png", dpi=_DPI)
