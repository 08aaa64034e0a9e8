"""Concepts over the layers of a network, as a picture, beside their shuffled copies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from common.files import whole_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from layer3_infer.explain.concepts import Concept
    from layer3_infer.explain.finding import Finding

_DPI: Final = 110
_WIDTH_IN: Final = 12.5
_ROW_IN: Final = 1.05
_AROUND_IN: Final = 2.1
_BAND: Final = "#c9c9c9"
_NORMAL: Final = 1.96
"""Standard deviations to each side that hold 95 %."""

_LINE: Final = "#7a7a7a"
_FOR: Final = "#b2312f"
_AGAINST: Final = "#2b6ca3"
_NOTE: Final = (
    "Filled: passes. Hollow: passes alone, but not beside a stronger concept. Small or thin: "
    "does not pass.\n"
    "Red speaks for tumour, blue against it. Grey: 95 % of its shuffled copies."
)


def write_plot(path: Path, concepts: Sequence[Concept], findings: Sequence[Finding]) -> None:
    """Write the picture as a PNG: a row per concept, columns R2, TCAV, sensitivity and Br."""
    layers = list(dict.fromkeys(finding.layer for finding in findings))
    height = _ROW_IN * len(concepts) + _AROUND_IN
    figure = Figure(figsize=(_WIDTH_IN, height), dpi=_DPI)
    FigureCanvasAgg(figure)
    known = [
        abs(finding.sensitivity_z) for finding in findings if finding.sensitivity_z is not None
    ]
    widest = 1.15 * max([4.0, *known])
    axes = figure.subplots(len(concepts), 4, sharex=True, squeeze=False)
    for row, concept in zip(axes, concepts, strict=True):
        own = [finding for finding in findings if finding.concept == concept.name]
        _quality(row[0], own, concept)
        _tcav(row[1], own)
        _sensitivity(row[2], own, widest)
        _relevance(row[3], own)
    titles = (
        "R2 on patients held out",
        "TCAV",
        "Mean sensitivity,\nSD of shuffled",
        "Br, scaled by layer",
    )
    for axis, title in zip(axes[0], titles, strict=True):
        axis.set_title(title, fontsize=10, pad=8)
    for axis in axes[-1]:
        axis.set_xticks(range(len(layers)), layers, rotation=35, ha="right", fontsize=8)
    for label in [text for axis in axes[-1] for text in axis.get_xticklabels()]:
        label.set_parse_math(False)
    figure.text(0.01, 0.12 / height, _NOTE, fontsize=8, color="#444444", va="bottom")
    top, bottom = 1 - 0.65 / height, 1.35 / height
    figure.subplots_adjust(left=0.17, right=0.98, top=top, bottom=bottom, hspace=0.35, wspace=0.22)
    with whole_file(path) as partial:
        figure.savefig(partial, format="png", dpi=_DPI, metadata={"Software": None})


def _quality(axis: Any, own: Sequence[Finding], concept: Concept) -> None:
    unit = f"\n{concept.unit}" if concept.unit else ""
    title = concept.title if len(concept.title) <= 28 else f"{concept.title[:27]}..."
    axis.set_ylabel(
        f"{title}{unit}", rotation=0, ha="right", va="center", fontsize=9, parse_math=False
    )
    _band(axis, [(finding.r2_null_low, finding.r2_null_high) for finding in own])
    _points(axis, own, [finding.r2 for finding in own])
    for place, finding in enumerate(own):
        if finding.r2_low is not None and finding.r2_high is not None:
            axis.plot([place, place], [finding.r2_low, finding.r2_high], color=_LINE, linewidth=1)
    low = min([0.0, *[finding.r2_low for finding in own if finding.r2_low is not None]])
    axis.set_ylim(max(-1.0, low) - 0.12, 1.1)
    _tidy(axis, (0, 0.5, 1))


def _tcav(axis: Any, own: Sequence[Finding]) -> None:
    _band(axis, [(finding.tcav_null_low, finding.tcav_null_high) for finding in own])
    _points(axis, own, [finding.tcav for finding in own])
    axis.axhline(0.5, color=_LINE, linewidth=0.8, linestyle=":")
    axis.set_ylim(-0.12, 1.12)
    _tidy(axis, (0, 0.5, 1))


def _sensitivity(axis: Any, own: Sequence[Finding], widest: float) -> None:
    """The mean sensitivity, in standard deviations of the shuffled ones from their middle."""
    axis.axhspan(-_NORMAL, _NORMAL, color=_BAND, linewidth=0)
    _points(axis, own, [finding.sensitivity_z for finding in own])
    axis.set_ylim(-widest, widest)
    edge = max(5, 5 * int(widest // 5)) if widest >= 5 else 4
    _tidy(axis, (-edge, 0, edge))


def _relevance(axis: Any, own: Sequence[Finding]) -> None:
    axis.axhline(0, color=_LINE, linewidth=0.8)
    for place, finding in enumerate(own):
        if finding.br_scaled is None:
            continue
        colour = _FOR if finding.br_scaled > 0 else _AGAINST
        fill = colour if finding.passes else "none"
        width = 1.3 if finding.passes_alone else 0.5
        axis.bar(place, finding.br_scaled, 0.55, facecolor=fill, edgecolor=colour, linewidth=width)
    axis.set_ylim(-1.15, 1.15)
    _tidy(axis, (-1, 0, 1))


def _points(axis: Any, own: Sequence[Finding], values: Sequence[float | None]) -> None:
    known = [(place, value) for place, value in enumerate(values) if value is not None]
    axis.plot(*zip(*known, strict=True) if known else ((), ()), color=_LINE, linewidth=1)
    for place, value in known:
        finding = own[place]
        colour = _FOR if (finding.sensitivity_mean or 0) > 0 else _AGAINST
        fill = colour if finding.passes else "white"
        size = 6 if finding.passes_alone else 3
        axis.plot(place, value, "o", color=colour, markerfacecolor=fill, markersize=size)
    if not known and own:
        axis.text(0.5, 0.5, "not assessed", transform=axis.transAxes, ha="center", fontsize=8)


def _band(axis: Any, limits: Sequence[tuple[float | None, float | None]]) -> None:
    known = [
        (place, low, high)
        for place, (low, high) in enumerate(limits)
        if low is not None and high is not None
    ]
    if known:
        axis.fill_between(*zip(*known, strict=True), color=_BAND, linewidth=0)


def _tidy(axis: Any, ticks: tuple[float, ...]) -> None:
    axis.set_yticks(ticks)
    axis.tick_params(labelsize=8)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
    axis.margins(x=0.08)
