"""What is said of slides against what is known: areas under ROC and FROC curves, stages, kappa."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from common.errors import ConfigError, ContractError, SlideError
from common.files import write_text
from common.provenance import software
from common.truth import truth_of
from layer3_infer.evaluation.answers import HEATMAPS, Given, read_answers
from layer3_infer.evaluation.comparison import SlideComparison, compare
from layer3_infer.evaluation.detection_file import write_detections
from layer3_infer.evaluation.froc_summary import as_csv, of_froc
from layer3_infer.evaluation.lesion_summary import of_classes, of_lesions
from layer3_infer.evaluation.pictures import write_froc, write_roc
from layer3_infer.evaluation.roc_summary import of_patches, of_slides
from layer3_infer.evaluation.stage_summary import of_stages
from layer3_infer.known_slides import read_entries
from layer3_infer.slide_result import MADE_WITH, OTHERS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from common.cohort import SlideEntry
    from layer3_infer.evaluation.answers import Answers
    from layer3_infer.settings.evaluate import EvaluateSettings

_NOTHING: Given = Given()


def evaluate_folder(
    results: Path,
    source: Path,
    settings: EvaluateSettings,
    given: Given = _NOTHING,
    *,
    mpp: float | None = None,
    held_out: bool = False,
) -> dict[str, Any]:
    """Compare everything said of slides with what is known; writes and returns `evaluation.json`.

    A slide whose annotation, heatmap or detections cannot be read is left out, and decides the
    exit status the evaluation tells of.

    Parameters
    ----------
    results : Path
        Folder that ``layer3-infer heatmap`` wrote; with tables alone, one to write into.
    source : Path
        What is known: see `layer3_infer.known_slides.read_entries`.
    settings : EvaluateSettings
    given : Given
        Tables that stand in for the heatmaps.
    mpp : float or None, um/px
        Scale of slides of which nothing else says it.
    held_out : bool
        Whether to leave out slides that the model was trained or chosen on, and patients of such.

    Raises
    ------
    ConfigError
        If nothing is said of any slide that is known.
    SlideError, ContractError
        If a table has a mistake; or no slide is left, because of files that cannot be read.
    """
    answers = read_answers(results, given)
    known = read_entries(source, mpp).values()
    entries = {entry.slide_id: _with_patient(entry, answers) for entry in known}
    found = _compared(answers, entries, settings, held_out=held_out)
    if not found.compared and not answers.staged:
        raise found.errors[0] if found.errors else _nothing_common(source, results)
    evaluation = _evaluation(found, answers, entries, settings, held_out=held_out)
    _write(answers, found.compared, evaluation)
    return evaluation


@dataclass(frozen=True)
class _Comparisons:
    """What was compared so far, why slides were left out, and what could not be read."""

    compared: list[SlideComparison] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    errors: list[SlideError | ContractError] = field(default_factory=list)


def _with_patient(entry: SlideEntry, answers: Answers) -> SlideEntry:
    """A slide of the cohort with its patient; where that says none, the run's."""
    result = answers.results.get(entry.slide_id)
    if entry.patient or result is None:
        return entry
    return replace(entry, patient=result.patient)


def _compared(
    answers: Answers,
    entries: Mapping[str, SlideEntry],
    settings: EvaluateSettings,
    *,
    held_out: bool,
) -> _Comparisons:
    """Every slide of which something is said, compared; or why not."""
    found = _Comparisons()
    for slide_id in sorted(answers.slide_ids):
        entry = entries.get(slide_id)
        if entry is None:
            found.left_out[slide_id] = "nothing is known of it"
        elif reason := _unfit(answers, slide_id, held_out=held_out):
            found.left_out[slide_id] = reason
        else:
            _add(found, answers, entry, settings)
    return found


def _unfit(answers: Answers, slide_id: str, *, held_out: bool) -> str:
    """Why a slide that is known is not to be compared; empty where it is."""
    result = answers.results.get(slide_id)
    if result is not None and result.status == "failed":
        return "it failed"
    if result is not None and not result.made_by(answers.run):
        return OTHERS
    if held_out and answers.trained_on(slide_id):
        return "the model was trained or chosen on it"
    return ""


def _add(
    found: _Comparisons, answers: Answers, entry: SlideEntry, settings: EvaluateSettings
) -> None:
    """Compare one more slide, or say which of its files cannot be read."""
    try:
        truth = truth_of(
            entry, mask_tumor=settings.mask_tumor, exceptions=settings.camelyon_exceptions
        )
        found.compared.append(compare(entry, truth, answers, settings))
    except (SlideError, ContractError) as error:
        found.left_out[entry.slide_id] = str(error)
        found.errors.append(error)
        return
    result = answers.results.get(entry.slide_id)
    empty = f"empty: {result.reason}" if result and result.status == "empty" else ""
    if truth.reason or empty:
        found.left_out[entry.slide_id] = truth.reason or empty


def _nothing_common(source: Path, results: Path) -> ConfigError:
    return ConfigError(
        f"{source}: expected slides with heatmaps in {results}, or in the tables given, found "
        "none in common"
    )


def _evaluation(
    found: _Comparisons,
    answers: Answers,
    entries: Mapping[str, SlideEntry],
    settings: EvaluateSettings,
    *,
    held_out: bool,
) -> dict[str, Any]:
    """Everything there is to tell, as ``evaluation.json`` has it."""
    seen = _trained_on(answers, entries)
    not_staged = seen.values() if held_out else ()
    stages = of_stages(entries.values(), found.compared, answers.staged, settings, not_staged)
    judged = {one.slide_id for one in found.compared}
    judged |= {slide_id for slide_id, patient in seen.items() if patient in stages["by_patient"]}
    return {
        **{key: answers.run.get(key, "") for key in MADE_WITH},
        **_numbers(found.compared, answers, settings),
        "stages": {"said_by": answers.sources["stages"], **stages},
        "intervals_over": _intervals_over(found.compared),
        "left_out": found.left_out,
        "without_heatmap": sorted(set(entries) - set(answers.results)) if answers.results else [],
        "without_answer": sorted(set(entries) - answers.slide_ids),
        "trained_on": sorted(judged & set(seen)),
        "exit_status": max((error.exit_status for error in found.errors), default=0),
        "settings": settings.model_dump(mode="json"),
        "software": software(),
    }


def _trained_on(answers: Answers, entries: Mapping[str, SlideEntry]) -> dict[str, str]:
    """Patient of each slide that a model was fitted to, or chosen on; empty where not known."""
    patients = {slide_id: result.patient for slide_id, result in answers.results.items()}
    patients |= {slide_id: entry.patient for slide_id, entry in entries.items()}
    return {slide_id: name for slide_id, name in patients.items() if answers.trained_on(slide_id)}


def _numbers(
    compared: Sequence[SlideComparison], answers: Answers, settings: EvaluateSettings
) -> dict[str, Any]:
    """Every number about slides, by what it is about."""
    scores = {one.slide_id: one.score for one in compared}
    sources, threshold = answers.sources, answers.threshold(settings.threshold)
    numbers = {
        "patches": of_patches(compared, settings),
        "slides": {"score": sources["scores"], **of_slides(compared, scores, settings)},
        "froc": {"detections": sources["detections"], **of_froc(compared, settings)},
        "lesions": {"threshold": threshold, "by_slide": of_lesions(compared)},
        "classes": {"said_by": sources["stages"], **of_classes(compared, settings)},
    }
    if predicted := answers.predictions.scores:
        numbers["slide_predictions"] = of_slides(compared, predicted, settings)
    return numbers


def _intervals_over(compared: Sequence[SlideComparison]) -> str:
    """What the bootstrap draws: patients as far as they are known."""
    known = [bool(one.patient) for one in compared]
    if all(known):
        return "patients"
    return "patients, and slides whose patient is not known" if any(known) else "slides"


def _write(
    answers: Answers, compared: Sequence[SlideComparison], evaluation: dict[str, Any]
) -> None:
    """Write detections, curves and pictures, then ``evaluation.json``.

    Detections of an earlier evaluation are removed where this one has none of the slide.
    """
    folder = answers.folder
    if answers.sources["detections"] == HEATMAPS:
        found = {one.slide_id: one.detections for one in compared}
        for slide_id in answers.results:
            detections = found.get(slide_id)
            if detections is None:
                folder.detections(slide_id).unlink(missing_ok=True)
            else:
                write_detections(folder.detections(slide_id), detections)
    write_text(folder.froc_curve, as_csv(compared))
    write_froc(folder.froc_picture, compared, evaluation)
    write_roc(folder.roc_picture, compared, evaluation)
    write_text(folder.evaluation, json.dumps(evaluation, indent=2, allow_nan=False) + "\n")
