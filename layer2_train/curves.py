"""Curves of a training and of its results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from common.roc import roc_curve
from layer2_train.canvas import COLOURS, GREY, MARKERS, save
from layer2_train.history import best
from layer2_train.wording import rate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from layer2_train.evaluation import Answers
    from layer2_train.history import Epoch

_ABOVE: Final[dict[str, Any]] = {"loc": "outside upper center", "frameon": False}


def draw_history(history: Sequence[Epoch], path: Path) -> None:
    """Write a PNG of loss and validation AUC by epoch; the epoch that was kept is marked."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    losses, areas = figure.subplots(1, 2)
    numbers = [epoch.epoch for epoch in history]
    lines = {"training": "loss", "validation": "valid_loss"}
    for colour, (label, name) in zip(COLOURS, lines.items(), strict=False):
        _line(losses, numbers, [getattr(epoch, name) for epoch in history], label, colour)
    values = [epoch.valid_auc for epoch in history]
    _line(areas, numbers, values, "validation", COLOURS[1])
    for axes, title in ((losses, "loss"), (areas, "area under the ROC")):
        axes.axvline(best(history).epoch, color=GREY, linestyle=":", label="epoch kept")
        axes.set(xlabel="epoch", ylabel=title)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(visible=True, alpha=0.3)
        axes.legend(frameon=False)
    save(figure, path)


def draw_roc(answers: Mapping[str, Answers], path: Path) -> None:
    """Write a PNG of the ROC curve of each split, its AUC and interval in the legend.

    The point that the threshold picks is marked on each.
    """
    figure = Figure(figsize=(4.8, 4.8), layout="constrained")
    axes = figure.subplots()
    for colour, marker, (split, own) in zip(COLOURS, MARKERS, answers.items(), strict=False):
        if own.metrics["auc"]["value"] is None:
            continue  # with one class there is no curve
        false_positive, true_positive = roc_curve(own.labels, own.scores)
        label = f"{split}: {rate(own.metrics['auc'])}"
        axes.plot(false_positive, true_positive, color=colour, label=label)
        at = 1 - own.metrics["specificity"]["value"], own.metrics["sensitivity"]["value"]
        axes.plot(*at, marker=marker, color=colour, markeredgecolor="white", clip_on=False)
    axes.plot([0, 1], [0, 1], color=GREY, linestyle=":", label="chance: 0.500")
    axes.set(xlabel="1 - specificity", ylabel="sensitivity", xlim=(0, 1), ylim=(0, 1.01))
    axes.set_aspect("equal")
    axes.grid(visible=True, alpha=0.3)
    axes.legend(frameon=False, loc="lower right", title="AUC (95 % interval)\npoint: threshold")
    save(figure, path)


def draw_reliability(answers: Mapping[str, Answers], path: Path) -> None:
    """Write a PNG of the share of tumour among patches of like probability, for each split.

    Below it, how many patches there are of each probability.
    """
    figure = Figure(figsize=(4.8, 6.6), layout="constrained")
    shares, counts = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    shares.plot([0, 1], [0, 1], color=GREY, linestyle=":", label="as likely as said")
    for colour, marker, (split, own) in zip(COLOURS, MARKERS, answers.items(), strict=False):
        found = own.metrics["calibration"]
        bins = [one for one in found["bins"] if one["n"]]
        points = [[one[name] for one in bins] for name in ("score", "tumor")]
        label = f"{split}: {rate(found['ece'])}"
        shares.plot(*points, marker=marker, markersize=5, color=colour, label=label, clip_on=False)
        edges = [0.0, *(one["high"] for one in found["bins"])]
        numbers = [one["n"] for one in found["bins"]]
        counts.stairs(numbers, edges, baseline=None, color=colour, linewidth=1.5)
    shares.set(ylabel="share that is tumour", xlim=(0, 1), ylim=(-0.02, 1.02))
    title = "calibration error, ECE (95 % interval)"
    figure.legend(*shares.get_legend_handles_labels(), **_ABOVE, title=title)
    counts.set(xlabel="probability of tumour, as answered", ylabel="patches")
    counts.set_yscale("log")
    counts.set_ylim(bottom=0.7)
    for axes in (shares, counts):
        axes.grid(visible=True, alpha=0.3)
    save(figure, path)


def _line(
    axes: Any, numbers: list[int], values: list[float | None], label: str, colour: str
) -> None:
    known = [(n, value) for n, value in zip(numbers, values, strict=True) if value is not None]
    if known:
        axes.plot(*zip(*known, strict=True), marker="o", markersize=3, color=colour, label=label)
