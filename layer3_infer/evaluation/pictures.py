"""Curves of an evaluation, as pictures that lie beside ``evaluation.json``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from common.files import whole_file
from common.roc import roc_curve
from layer3_infer.evaluation.froc import RATES
from layer3_infer.evaluation.froc_summary import froc_of
from layer3_infer.evaluation.roc_summary import scored

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from layer3_infer.evaluation.bootstrap import Estimate
    from layer3_infer.evaluation.comparison import SlideComparison

_LEAST_RATE: Final = 0.125
_MOST_POINTS: Final = 2000
_BLUE, _ORANGE, _GREY = "#1f6f9f", "#c25e00", "#888888"
_RATE_NAMES: Final = ("1/8", "1/4", "1/2", "1", "2", "4", "8")


def write_froc(
    path: Path, compared: Sequence[SlideComparison], evaluation: Mapping[str, Any]
) -> None:
    """Draw sensitivity against false positives per slide; no picture where that is undefined.

    Whiskers are the intervals of the six sensitivities whose mean is the score.
    """
    found = evaluation["froc"]
    if found["score"]["value"] is None:
        path.unlink(missing_ok=True)
        return
    froc, counts = froc_of(compared)
    rates = np.geomspace(_LEAST_RATE, RATES[-1], 400)
    figure, axes = _axes("false positives per slide", "lesions found")
    axes.plot(rates, np.interp(rates, *froc.curve(counts)), color=_BLUE)
    for rate, at in zip(RATES, found["sensitivity"].values(), strict=True):
        if at["low"] is not None:
            axes.plot([rate, rate], [at["low"], at["high"]], color=_BLUE, alpha=0.5)
        axes.plot(rate, at["value"], "o", color=_BLUE, markersize=5)
    axes.set_xscale("log", base=2)
    axes.set_xticks([_LEAST_RATE, *RATES], _RATE_NAMES)
    axes.set_xlim(_LEAST_RATE, RATES[-1] * 1.1)
    axes.set_title(
        f"FROC score {_worded(found['score'])}\n{found['lesions']} lesions on {found['slides']} "
        f"slides; {found['itc']} of isolated tumour cells left out",
        fontsize=10,
    )
    _save(figure, path)


def write_roc(
    path: Path, compared: Sequence[SlideComparison], evaluation: Mapping[str, Any]
) -> None:
    """Draw the ROC curves that are defined, of slides and of patches; no picture without any."""
    figure, axes = _axes("false positive rate", "true positive rate")
    axes.plot([0, 1], [0, 1], color=_GREY, linewidth=0.8, linestyle=":")
    slides, patches = evaluation["slides"], evaluation["patches"]
    if slides["auc"]["value"] is not None:
        labels, scores, _ = scored(compared, {one.slide_id: one.score for one in compared})
        _curve(axes, labels, scores, f"slides: AUC {_worded(slides['auc'])}", _BLUE)
    if patches["auc"]["value"] is not None:
        answered = [one.patches for one in compared if one.patches is not None]
        labels = np.concatenate([one.labels for one in answered])
        scores = np.concatenate([one.scores for one in answered])
        _curve(axes, labels, scores, f"patches: AUC {_worded(patches['auc'])}", _ORANGE)
    if len(axes.lines) == 1:
        path.unlink(missing_ok=True)
        return
    axes.set_xlim(-0.02, 1.02)
    axes.set_aspect("equal")
    axes.legend(loc="lower right", fontsize=9, frameon=False)
    _save(figure, path)


def _curve(
    axes: Any, labels: npt.NDArray[np.int8], scores: npt.NDArray[Any], name: str, colour: str
) -> None:
    false, true = roc_curve(labels, scores)
    kept = np.unique(np.linspace(0, len(false) - 1, _MOST_POINTS).astype(int))
    axes.plot(false[kept], true[kept], color=colour, label=name)


def _axes(x: str, y: str) -> tuple[Figure, Any]:
    figure = Figure(figsize=(5.6, 5), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set(xlabel=x, ylabel=y, ylim=(-0.02, 1.02))
    axes.grid(visible=True, color="#e4e4e4", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _worded(found: Estimate) -> str:
    if found["low"] is None:
        return f"{found['value']:.3f}"
    return f"{found['value']:.3f} (95 %: {found['low']:.3f} to {found['high']:.3f})"


def _save(figure: Figure, path: Path) -> None:
    with whole_file(path) as partial:
        figure.savefig(partial, format="png", metadata={"Software": None})
