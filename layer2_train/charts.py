"""Counts and rates of results, side by side."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from matplotlib.figure import Figure

from layer2_train.canvas import COLOURS, MARKERS, save
from layer2_train.wording import FEW, counted, probability

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from layer2_train.evaluation import Answers

_DARK: Final = 0.55
"""Share from which on white letters are read more easily."""
_ROOM: Final = 0.03
"""For dots at an end of the axis, as a share of it."""
_FAINT: Final = "0.4"
_RATES: Final = {"auc": "AUC", "sensitivity": "sensitivity", "specificity": "specificity"}


def draw_confusion(answers: Mapping[str, Answers], path: Path) -> None:
    """Write a PNG of the confusion matrix of each split: numbers, and shares of each true class."""
    figure = Figure(figsize=(3.6 * len(answers) + 0.4, 3.8), layout="constrained")
    panels: Any = figure.subplots(1, len(answers), squeeze=False)[0]
    for axes, (split, own) in zip(panels, answers.items(), strict=True):
        _matrix(axes, own.metrics["confusion"])
        threshold = probability(own.metrics["threshold"])
        axes.set_title(f"{split}, tumour from {threshold} on", fontsize=11)
    save(figure, path)


def draw_centres(answers: Mapping[str, Answers], path: Path) -> None:
    """Write a PNG of the rates of each centre with their intervals, a row for each.

    The line of a split is its result over all centres. Beside a row stands over how many patients
    its intervals are, where these are few.
    """
    names = sorted({name for own in answers.values() for name in own.metrics["centres"]})
    height = 1.5 + 0.28 * max(len(names), 1) * max(len(answers), 1)
    figure = Figure(figsize=(9, height), layout="constrained")
    panels = figure.subplots(1, len(_RATES), sharey=True)
    for axes, (rate, title) in zip(panels, _RATES.items(), strict=True):
        for number, (split, own) in enumerate(answers.items()):
            _dots(axes, own.metrics, rate, names, (number, len(answers)), split)
        left = _left(answers, rate)
        axes.set(xlabel=title, ylim=(len(names) - 0.5, -0.5))
        axes.set_xlim(left, 1 + _ROOM * (1 - left))
        axes.set_yticks(range(len(names)), [f"centre {name}" for name in names])
        axes.grid(visible=True, axis="x", alpha=0.3)
        axes.tick_params(axis="y", length=0)
    for number, own in enumerate(answers.values()):
        _note_few(panels[-1], own.metrics, names, (number, len(answers)))
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(answers), frameon=False)
    save(figure, path)


def _matrix(axes: Any, confusion: dict[str, int]) -> None:
    counts = (
        (confusion["true_negative"], confusion["false_positive"]),
        (confusion["false_negative"], confusion["true_positive"]),
    )
    shares = [[count / max(sum(row), 1) for count in row] for row in counts]
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row in range(2):
        for column in range(2):
            share = shares[row][column]
            axes.text(
                column,
                row,
                f"{counts[row][column]:,}\n{share:.1%}",
                ha="center",
                va="center",
                fontsize=12,
                color="white" if share > _DARK else "black",
            )
    axes.set_xticks((0, 1), ("normal", "tumour"))
    axes.set_yticks((0, 1), ("normal", "tumour"), rotation=90, va="center")
    axes.set(xlabel="called", ylabel="is")
    axes.tick_params(length=0)


def _left(answers: Mapping[str, Answers], rate: str) -> float:
    """Where the axis of a rate begins: a little below the lowest end, at a tenth."""
    every = [one for own in answers.values() for one in own.metrics["centres"].values()]
    ends = [one[rate][end] for one in every for end in ("value", "low")]
    lowest = min((end for end in ends if end is not None), default=0.0)
    return max(math.floor(10 * lowest - 0.2) / 10, -_ROOM)


def _dots(
    axes: Any,
    metrics: dict[str, Any],
    rate: str,
    names: list[str],
    place: tuple[int, int],
    split: str,
) -> None:
    """A dot with its interval for each centre; rows of several splits stand beside each other."""
    number, _ = place
    colour, marker = COLOURS[number], MARKERS[number]
    label = f"{split} (line: all centres)"
    axes.plot([], [], marker=marker, color=colour, label=label)
    if metrics[rate]["value"] is not None:
        axes.axvline(metrics[rate]["value"], color=colour, linestyle="--", linewidth=1, alpha=0.7)
    for row, name in enumerate(names):
        found = metrics["centres"].get(name)
        y = _height(row, place)
        if found is None:
            continue
        value, low, high = (found[rate][end] for end in ("value", "low", "high"))
        if value is None:
            left = axes.get_yaxis_transform()
            axes.text(0.03, y, "undefined", color=_FAINT, va="center", fontsize=9, transform=left)
            continue
        axes.plot(value, y, marker=marker, color=colour, clip_on=False)
        if low is not None:
            axes.plot([low, high], [y, y], color=colour, linewidth=1.5)


def _note_few(axes: Any, metrics: dict[str, Any], names: list[str], place: tuple[int, int]) -> None:
    """Say to the right of each row over how many patients its intervals are, where few."""
    for row, name in enumerate(names):
        groups = metrics["centres"].get(name, {"groups": FEW})["groups"]
        if groups < FEW:
            said = f"over {counted(groups, metrics['intervals_over'])}"
            at = (1.03, _height(row, place))
            style = {"color": COLOURS[place[0]], "va": "center", "fontsize": 8}
            axes.text(*at, said, transform=axes.get_yaxis_transform(), **style)


def _height(row: int, place: tuple[int, int]) -> float:
    """Where in the row of a centre a split stands, of so many."""
    number, splits = place
    return row + (number - (splits - 1) / 2) * 0.3
