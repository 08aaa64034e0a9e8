"""Heatmaps against what is known: areas under the ROC curve, for patches and for slides."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from common.errors import ConfigError
from common.files import write_text
from common.provenance import software
from common.roc import auc, auc_interval
from layer3_infer.heatmap_file import read_heatmap
from layer3_infer.results_folder import ResultsFolder
from layer3_infer.slide_result import SlideResult, read_results
from layer3_infer.slide_score import SLIDE_SCORE
from layer3_infer.truth import SlideTruth, read_entries, slide_truth

if TYPE_CHECKING:
    from collections.abc import Sequence
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
    group : str
        Its patient, or the slide itself where the patient is not known.
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
    group: str
    labels: npt.NDArray[np.int8]
    scores: npt.NDArray[np.float32]
    left_out: int
    positive: bool | None
    score: float | None


def evaluate_folder(results: Path, source: Path, settings: EvaluateSettings) -> dict[str, Any]:
    """Compare every heatmap in a folder of results; writes and returns ``evaluation.json``.

    Parameters
    ----------
    results : Path
        Folder that ``layer3-infer heatmap`` wrote.
    source : Path
        What is known: see `layer3_infer.truth.read_entries`.
    settings : EvaluateSettings

    Raises
    ------
    ConfigError
        If no slide is in both.
    """
    folder = ResultsFolder(results)
    entries = read_entries(source)
    compared, left_out = [], {}
    recorded = read_results(results)
    for result in recorded:
        entry = entries.get(result.slide_id)
        if result.status == "failed" or entry is None:
            left_out[result.slide_id] = "it failed" if entry else "nothing is known of it"
            continue
        truth = slide_truth(entry)
        heatmap = read_heatmap(folder.heatmap(result.slide_id)).heatmap
        compared.append(_compare(result, entry, truth, heatmap, settings))
        if truth.reason or result.status == "empty":
            left_out[result.slide_id] = truth.reason or f"empty: {result.reason}"
    left_out |= dict.fromkeys(sorted(set(entries) - _ids(recorded)), "no heatmap")
    if not compared:
        raise ConfigError(
            f"{source}: expected slides with heatmaps in {results}, found none in common"
        )
    evaluation = {
        "patches": _of_patches(compared, settings),
        "slides": _of_slides(compared, settings),
        "left_out": left_out,
        "trained_on": [r.slide_id for r in recorded if r.trained_on and r.slide_id in entries],
        "settings": settings.model_dump(mode="json"),
        "software": software(),
    }
    write_text(folder.evaluation, json.dumps(evaluation, indent=2, allow_nan=False) + "\n")
    return evaluation


def _ids(results: Sequence[SlideResult]) -> set[str]:
    return {result.slide_id for result in results}


def _compare(
    result: SlideResult,
    entry: SlideEntry,
    truth: SlideTruth,
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
        group=entry.patient or result.patient or f"slide {result.slide_id}",
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
