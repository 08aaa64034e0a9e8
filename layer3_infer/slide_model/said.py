"""What the commands of the slide model say when they are done."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from common.cli import Result
from layer3_infer.wording import probability

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from common.errors import ContractError
    from layer3_infer.slide_model.applying import SlidePrediction
    from layer3_infer.slide_model.model_file import SlideModelFile


def of_training(made: SlideModelFile, left_out: Mapping[str, str], out: Path) -> Result:
    """How many slides it learnt from, and how it does on patients held out."""
    figures = made.cross_validation
    counts = ", ".join(f"{count} {name}" for name, count in made.counts.items())
    lines = [
        f"slide model of {sum(made.counts.values())} slides: {counts}",
        f"on patients held out, in {figures['folds']} folds: AUC {_interval(figures['auc'])}; "
        f"of the highest probability alone {_interval(figures['auc_of_maximum'])}",
        f"right class: {figures['accuracy']:.1%}; quadratic kappa {figures['kappa']:.3f}",
    ]
    lines += [f"  left out {slide_id}: {reason}" for slide_id, reason in left_out.items()]
    lines.append(f"written to {out}; next: layer3-infer slide-model apply DIR --slide-model {out}")
    data = {
        "out": str(out),
        "counts": made.counts,
        "cross_validation": figures,
        "left_out": dict(left_out),
        "sha256": made.sha256,
    }
    return Result("\n".join(lines), data)


def of_predictions(
    predictions: Sequence[SlidePrediction], errors: Sequence[ContractError], table: Path
) -> Result:
    """The class of each slide, and why some have none."""
    counts = Counter(one.name for one in predictions if one.name)
    said = ", ".join(f"{count} {name}" for name, count in counts.items()) or "none with a score"
    lines = [f"{len(predictions)} slides: {said}"]
    lines += [f"  {_line(one)}" for one in predictions]
    lines.append(f"written to {table}")
    data: dict[str, Any] = {"out": str(table), "slides": [asdict(one) for one in predictions]}
    return Result("\n".join(lines), data, max((one.exit_status for one in errors), default=0))


def _line(one: SlidePrediction) -> str:
    if one.score is None:
        return f"{one.slide_id}: no score: {one.reason}"
    seen = " (flattering: seen in training)" if one.seen_in_split in {"train", "valid"} else ""
    return f"{one.slide_id}: {one.name}, P(tumour) {probability(one.score)}{seen}"


def _interval(auc: Mapping[str, float | None]) -> str:
    if auc["value"] is None or auc["low"] is None or auc["high"] is None:
        return _number(auc["value"])
    return (
        f"{auc['value']:.3f} (95 % interval {auc['low']:.3f} to {auc['high']:.3f}, over patients)"
    )


def _number(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.3f}"
