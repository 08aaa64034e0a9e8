"""A picture of how alike maps stay while the weights become random."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from layer3_infer.explainers import EXPLAINERS
from layer3_infer.sheet import Sheet

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any

    from layer3_infer.explain.sanity import Depth, Sanity

_COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
_GREY: Final = "#888888"
_WIDTH: Final = 1120
_HEIGHT: Final = 520


def write_sanity_plot(path: Path, found: Sequence[Sanity]) -> None:
    """Write the picture as a PNG, whole or not at all: rank correlation and SSIM by depth."""
    sheet = Sheet(_WIDTH, _HEIGHT)
    sheet.text(20, 24, "Do the maps depend on the network's weights?", size=14)
    text = "solid: every layer from the output down is random; dashed: one layer alone"
    sheet.text(20, 50, text, size=10, color="#444444")
    measures = (("rank", "rank correlation of the maps"), ("ssim", "structural similarity (SSIM)"))
    for number, (measure, title) in enumerate(measures):
        axes = sheet.axes(80 + number * 540, 110, 460, 300)
        for one, colour in zip(found, _COLOURS, strict=False):
            _draw(axes, one, measure, colour)
        if measure == "rank":
            axes.axhline(found[0].least_change, color=_GREY, linewidth=1, linestyle=":")
            axes.text(0, found[0].least_change + 0.02, "passes below", fontsize=8, color=_GREY)
        _finish(axes, title, found[0].depths)
    sheet.save(path)


def _draw(axes: Any, one: Sanity, measure: str, colour: str) -> None:
    title = EXPLAINERS[one.method].title if one.method in EXPLAINERS else one.method
    for kind, style in (("cascading", "-"), ("independent", "--")):
        values = [getattr(depth, f"{kind}_{measure}") for depth in one.depths]
        label = title if kind == "cascading" else None
        axes.plot([0, *range(1, len(values) + 1)], [1.0, *values], style, color=colour, label=label)


def _finish(axes: Any, title: str, depths: Sequence[Depth]) -> None:
    names = ["trained", *(f"{depth.layers}: {depth.layer}" for depth in depths)]
    axes.set(ylim=(min(-0.05, axes.get_ylim()[0]), 1.05), xticks=range(len(names)))
    axes.set_xticklabels(names, rotation=25, ha="right", fontsize=8, parse_math=False)
    axes.set_title(title, fontsize=11, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=9)
