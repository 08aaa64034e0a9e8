"""Pictures of a training and of its results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from common.files import whole_file
from common.roc import roc_curve
from layer2_train.history import best

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from layer2_train.evaluation import Answers
    from layer2_train.history import Epoch

_DPI: Final = 150
_COLOURS: Final = ("#0072b2", "#d55e00", "#009e73")
"""Told apart by colour-blind readers too (Okabe and Ito)."""


def draw_history(history: Sequence[Epoch], path: Path) -> None:
    """Write a PNG of loss and validation AUC by epoch; the epoch that was kept is marked."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    losses, areas = figure.subplots(1, 2)
    numbers = [epoch.epoch for epoch in history]
    lines = {"training": "loss", "validation": "valid_loss"}
    for colour, (label, name) in zip(_COLOURS, lines.items(), strict=False):
        _line(losses, numbers, [getattr(epoch, name) for epoch in history], label, colour)
    values = [epoch.valid_auc for epoch in history]
    _line(areas, numbers, values, "validation", _COLOURS[1])
    for axes, title in ((losses, "loss (binary cross-entropy)"), (areas, "area under the ROC")):
        axes.axvline(best(history).epoch, color="0.6", linestyle=":", label="epoch kept")
        axes.set(xlabel="epoch", ylabel=title)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(visible=True, alpha=0.3)
        axes.legend(frameon=False)
    _save(figure, path)


def draw_roc(answers: Mapping[str, Answers], path: Path) -> None:
    """Write a PNG of the ROC curve of each split, its AUC and interval in the legend."""
    figure = Figure(figsize=(4.8, 4.8), layout="constrained")
    axes = figure.subplots()
    for colour, (split, own) in zip(_COLOURS, answers.items(), strict=False):
        if own.metrics["auc"]["value"] is None:
            continue  # with one class there is no curve
        false_positive, true_positive = roc_curve(own.labels, own.scores)
        axes.plot(false_positive, true_positive, color=colour, label=f"{split}: {_area(own)}")
    axes.plot([0, 1], [0, 1], color="0.6", linestyle=":", label="chance: 0.500")
    axes.set(xlabel="1 - specificity", ylabel="sensitivity", xlim=(0, 1), ylim=(0, 1.01))
    axes.set_aspect("equal")
    axes.grid(visible=True, alpha=0.3)
    axes.legend(frameon=False, loc="lower right", title="AUC (95 % interval)")
    _save(figure, path)


def _area(answers: Answers) -> str:
    area = answers.metrics["auc"]
    if area["low"] is None:
        return f"{area['value']:.3f}"
    return f"{area['value']:.3f} ({area['low']:.3f} to {area['high']:.3f})"


def _line(
    axes: Any, numbers: list[int], values: list[float | None], label: str, colour: str
) -> None:
    known = [(n, value) for n, value in zip(numbers, values, strict=True) if value is not None]
    if known:
        axes.plot(*zip(*known, strict=True), marker="o", markersize=3, color=colour, label=label)


def _save(figure: Figure, path: Path) -> None:
    with whole_file(path) as partial:
        figure.savefig(partial, format="png", dpi=_DPI)
