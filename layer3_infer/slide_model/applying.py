"""A slide model and a folder of results to ``slide_predictions.csv``."""

from __future__ import annotations

import csv
import io
import logging
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from common.errors import ConfigError, ContractError
from common.files import write_text
from common.progress import progress
from layer3_infer.prediction_record import write_record
from layer3_infer.results_folder import ResultsFolder
from layer3_infer.slide_model.slides import MeasuredSlide, NotMeasured, measured_slides

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from layer3_infer.slide_model.model_file import SlideModelFile

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SlidePrediction:
    """What a slide model says of one slide.

    Attributes
    ----------
    slide_id : str
    patient : str
        Empty where not known.
    score : float or None
        Probability of any tumour; None where nothing was analysed, or the slide failed.
    name : str
        The most probable class; empty where there is no score. ``class`` in the table.
    seen_in_split : str
        ``train`` where the slide model was trained on the slide or its patient; else where the
        model of patches has met it.
    reason : str
        Why there is no score; empty where there is one.
    """

    slide_id: str
    patient: str
    score: float | None
    name: str
    seen_in_split: str
    reason: str = ""


def apply_slide_model(
    folder: Path, made: SlideModelFile
) -> tuple[list[SlidePrediction], list[ContractError]]:
    """Predict every slide of a folder of results; writes ``slide_predictions.csv`` into it.

    ``slide_predictions.json`` beside it records which heatmaps it was made from.

    Returns
    -------
    predictions : list of SlidePrediction
        One per slide, by slide id.
    errors : list of ContractError
        Of heatmaps that cannot be read; their slides have no score.

    Raises
    ------
    ConfigError
        If a heatmap is not of the kind the slide model is for; nothing is written then.
    """
    found = list(progress(measured_slides(folder, made.thresholds), "measuring"))
    measured = [one for one in found if isinstance(one, MeasuredSlide)]
    _refuse_others(folder, measured, made)
    predictions = [_prediction(one, made) for one in found]
    out = ResultsFolder(folder)
    write_text(out.slide_predictions, predictions_csv(predictions))
    write_record(out, [one.result for one in found], made.sha256)
    errors = [one.error for one in found if isinstance(one, NotMeasured) and one.error]
    for error in errors:
        log.error("%s", error)
    return predictions, errors


def predictions_csv(predictions: Iterable[SlidePrediction]) -> str:
    """One row per slide; an empty score is not known."""
    names = ["class" if f.name == "name" else f.name for f in fields(SlidePrediction)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(_cells(asdict(one)) for one in predictions)
    return text.getvalue()


def _cells(values: dict[str, Any]) -> list[Any]:
    return ["" if value is None else value for value in values.values()]


def _refuse_others(folder: Path, slides: Iterable[MeasuredSlide], made: SlideModelFile) -> None:
    for slide in slides:
        differing = made.heatmaps.differences(slide.kind, slide.mpp)
        if differing:
            raise ConfigError(
                f"{folder}: {slide.result.slide_id}: expected a heatmap like those the slide model "
                f"was trained on, found {'; '.join(differing)}. Make it with that model and "
                "settings, or train a slide model on such heatmaps"
            )


def _prediction(one: MeasuredSlide | NotMeasured, made: SlideModelFile) -> SlidePrediction:
    result = one.result
    known = (result.slide_id, result.patient)
    if isinstance(one, NotMeasured):
        return SlidePrediction(*known, None, "", result.seen_in_split, one.reason)
    trained_on = made.seen(one.fingerprint, result.patient)
    split = "train" if trained_on else result.seen_in_split
    if not one.analysed:
        reason = f"nothing was analysed: {result.reason}"
        return SlidePrediction(*known, None, "", split, reason)
    chances = made.model.probabilities([one.features])[0]
    name = made.classes[int(chances.argmax())]
    return SlidePrediction(*known, float(1 - chances[0]), name, split)
