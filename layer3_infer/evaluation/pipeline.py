"""Heatmaps against what is known: areas under the ROC curve, for patches and for slides."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from common.errors import ConfigError, ContractError, SlideError
from common.files import write_text
from common.provenance import software
from common.roc import auc, auc_interval
from common.truth import Truth, truth_of
from layer3_infer.heatmap_file import read_heatmap
from layer3_infer.known_slides import read_entries
from layer3_infer.results_folder import ResultsFolder
from layer3_infer.run_claim import read_run
from layer3_infer.slide_result import MADE_WITH, SlideResult, read_results
from layer3_infer.slide_score import SLIDE_SCORE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from common.cohort import SlideEntry
    from layer3_infer.config import EvaluateSettings
    from layer3_infer.heatmap import Heatmap


@dataclass(frozen=True, eq=False)
class SlideComparison:
    """One slide, compared with what is known of it.

    Attributes
    ----------
    slide_id : str
    patient : str
        Empty where not known.
    labels : (N,) int8
        1 tumour, 0 normal; of the patches whose label is known.
    scores : (N,) float32
    left_out : int
        Patches analysed that are neither.
    positive : bool or None
    score : float or None
        The slide score.
    """

    slide_id: str
    patient: str
    labels: npt.NDArray[np.int8]
    scores: npt.NDArray[np.float32]
    left_out: int
    positive: bool | None
    score: float | None

    @property
    def group(self) -> str:
        """What is drawn together: its patient, or the slide itself where that is not known."""
        return f"patient {self.patient}" if self.patient else f"slide {self.slide_id}"


def evaluate_folder(results: Path, source: Path, settings: EvaluateSettings) -> dict[str, Any]:
    """Compare every heatmap in a folder of results; writes and returns ``evaluation.json``.

    A slide whose annotation or heatmap cannot be read is left out, and decides the exit status
    the evaluation tells of.

    Parameters
    ----------
    results : Path
        Folder that ``layer3-infer heatmap`` wrote.
    source : Path
        What is known: see `layer3_infer.known_slides.read_entries`.
    settings : EvaluateSettings

    Raises
    ------
    ConfigError
        If no slide is in both.
    SlideError, ContractError
        If no slide is left, because of annotations or heatmaps that cannot be read.
    """
    folder, run = ResultsFolder(results), read_run(results)
    entries, recorded = read_entries(source), read_results(results)
    found = _Comparisons()
    for result in recorded:
        _add(found, folder, result, entries.get(result.slide_id), run, settings)
    if not found.compared:
        raise (
            found.errors[0]
            if found.errors
            else ConfigError(
                f"{source}: expected slides with heatmaps in {results}, found none in common"
            )
        )
    evaluation = {
        **{key: run.get(key, "") for key in MADE_WITH},
        "patches": _of_patches(found.compared, settings),
        "slides": _of_slides(found.compared, settings),
        "intervals_over": _intervals_over(found.compared),
        "left_out": found.left_out,
        "without_heatmap": sorted(set(entries) - {result.slide_id for result in recorded}),
        "trained_on": [r.slide_id for r in recorded if r.trained_on and r.slide_id in entries],
        "exit_status": max((error.exit_status for error in found.errors), default=0),
        "settings": settings.model_dump(mode="json"),
        "software": software(),
    }
    write_text(folder.evaluation, json.dumps(evaluation, indent=2, allow_nan=False) + "\n")
    return evaluation


@dataclass(frozen=True)
class _Comparisons:
    """What was compared so far, why slides were left out, and what could not be read."""

    compared: list[SlideComparison] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    errors: list[SlideError | ContractError] = field(default_factory=list)


def _add(
    found: _Comparisons,
    folder: ResultsFolder,
    result: SlideResult,
    entry: SlideEntry | None,
    run: Mapping[str, Any],
    settings: EvaluateSettings,
) -> None:
    """Compare one more slide, or say why not."""
    left_out, slide_id = found.left_out, result.slide_id
    if entry is None:
        left_out[slide_id] = "nothing is known of it"
    elif result.status == "failed":
        left_out[slide_id] = "it failed"
    elif not result.made_by(run):
        left_out[slide_id] = "made with another model or configuration; run heatmap again"
    else:
        try:
            truth = truth_of(
                entry,
                mask_tumor=settings.mask_tumor,
                exceptions=settings.camelyon_exceptions,
            )
            heatmap = read_heatmap(folder.heatmap(slide_id)).heatmap
        except (SlideError, ContractError) as error:
            left_out[slide_id] = str(error)
            found.errors.append(error)
            return
        found.compared.append(_compare(result, entry, truth, heatmap, settings))
        if truth.reason or result.status == "empty":
            left_out[slide_id] = truth.reason or f"empty: {result.reason}"


def _intervals_over(compared: Sequence[SlideComparison]) -> str:
    """What the bootstrap draws: patients as far as they are known."""
    known = [bool(one.patient) for one in compared]
    if all(known):
        return "patients"
    return "patients, and slides whose patient is not known" if any(known) else "slides"


def _compare(
    result: SlideResult,
    entry: SlideEntry,
    truth: Truth,
    heatmap: Heatmap,
    settings: EvaluateSettings,
) -> SlideComparison:
    fraction = truth.fraction(heatmap.xy, heatmap.grid.edge)
    labels = np.full(len(fraction), -1, dtype=np.int8)
    labels[fraction <= settings.normal_max] = 0
    labels[fraction >= settings.tumor_min] = 1
    known = labels >= 0
    return SlideComparison(
        slide_id=result.slide_id,
        patient=entry.patient or result.patient,
        labels=labels[known],
        scores=heatmap.scores[known],
        left_out=int((~known & ~np.isnan(fraction)).sum()),
        positive=truth.positive,
        score=getattr(result.scores, SLIDE_SCORE),
    )


def _of_patches(compared: Sequence[SlideComparison], settings: EvaluateSettings) -> dict[str, Any]:
    """AUC over all patches, with an interval over patients, and of each slide with both classes."""
    labels = np.concatenate([one.labels for one in compared])
    scores = np.concatenate([one.scores for one in compared])
    groups = np.repeat([one.group for one in compared], [len(one.labels) for one in compared])
    return {
        "auc": auc_interval(
            labels, scores, groups, replicates=settings.replicates, seed=settings.seed
        ),
        "tumor": int((labels == 1).sum()),
        "normal": int((labels == 0).sum()),
        "left_out": sum(one.left_out for one in compared),
        "by_slide": {one.slide_id: _of_slide(one) for one in compared if len(one.labels)},
    }


def _of_slide(one: SlideComparison) -> dict[str, Any]:
    value = auc(one.labels, one.scores)
    return {
        "auc": None if np.isnan(value) else value,
        "tumor": int((one.labels == 1).sum()),
        "normal": int((one.labels == 0).sum()),
        "left_out": one.left_out,
    }


def _of_slides(compared: Sequence[SlideComparison], settings: EvaluateSettings) -> dict[str, Any]:
    """AUC of the slide score over slides of which both score and class are known."""
    used = [one for one in compared if one.positive is not None and one.score is not None]
    labels = np.array([one.positive for one in used], dtype=np.int8)
    scores = np.array([one.score for one in used], dtype=np.float32)
    groups = np.array([one.group for one in used])
    return {
        "score": SLIDE_SCORE,
        "auc": auc_interval(
            labels, scores, groups, replicates=settings.replicates, seed=settings.seed
        ),
        "positive": int((labels == 1).sum()),
        "negative": int((labels == 0).sum()),
    }
