"""Areas under the ROC curve, of patches and of slides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from common.roc import auc, counted_auc
from layer3_infer.evaluation.bootstrap import one_estimate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from layer3_infer.evaluation.comparison import PatchComparison, SlideComparison
    from layer3_infer.settings.evaluate import EvaluateSettings

NO_PATCHES: Final = "no heatmap has both tumour and normal patches"
NO_SLIDES: Final = "no positive, or no negative slide has a score"


def of_patches(compared: Sequence[SlideComparison], settings: EvaluateSettings) -> dict[str, Any]:
    """AUC over all patches, with an interval over patients, and of each slide with both classes."""
    answered = [(one, one.patches) for one in compared if one.patches is not None]
    labels = np.concatenate([np.empty(0, np.int8), *(patches.labels for _, patches in answered)])
    scores = np.concatenate([np.empty(0, np.float32), *(patches.scores for _, patches in answered)])
    sizes = [len(patches.labels) for _, patches in answered]
    groups = np.repeat(np.array([one.group for one, _ in answered], dtype=str), sizes)
    return {
        "auc": _auc(labels, scores, groups, settings, NO_PATCHES),
        "tumor": int((labels == 1).sum()),
        "normal": int((labels == 0).sum()),
        "left_out": sum(patches.left_out for _, patches in answered),
        "by_slide": {
            one.slide_id: _of_slide(patches) for one, patches in answered if len(patches.labels)
        },
    }


def of_slides(
    compared: Sequence[SlideComparison],
    scores: Mapping[str, float | None],
    settings: EvaluateSettings,
) -> dict[str, Any]:
    """AUC of a score of slides, over those of which both score and class are known.

    Parameters
    ----------
    compared : sequence of SlideComparison
    scores : mapping of str to float or None
        By slide id.
    settings : EvaluateSettings
    """
    labels, values, groups = scored(compared, scores)
    return {
        "auc": _auc(labels, values, groups, settings, NO_SLIDES),
        "positive": int((labels == 1).sum()),
        "negative": int((labels == 0).sum()),
    }


def scored(
    compared: Sequence[SlideComparison], scores: Mapping[str, float | None]
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float64], npt.NDArray[np.str_]]:
    """Label, score and group of each slide that has both label and score."""
    used = [
        (one.positive, scores[one.slide_id], one.group)
        for one in compared
        if one.positive is not None and scores.get(one.slide_id) is not None
    ]
    labels, values, groups = zip(*used, strict=True) if used else ((), (), ())
    return np.array(labels, np.int8), np.array(values, np.float64), np.array(groups, dtype=str)


def _of_slide(patches: PatchComparison) -> dict[str, Any]:
    value = auc(patches.labels, patches.scores)
    return {
        "auc": None if np.isnan(value) else value,
        "tumor": int((patches.labels == 1).sum()),
        "normal": int((patches.labels == 0).sum()),
        "left_out": patches.left_out,
    }


def _auc(
    labels: npt.NDArray[np.int8],
    scores: npt.NDArray[Any],
    groups: npt.NDArray[np.str_],
    settings: EvaluateSettings,
    undefined: str,
) -> dict[str, Any]:
    return one_estimate(
        counted_auc(labels, scores),
        groups,
        replicates=settings.replicates,
        seed=settings.seed,
        undefined=undefined,
    )
