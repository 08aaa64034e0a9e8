from __future__ import annotations

import numpy as np

from layer3_infer.config import EvaluateSettings
from layer3_infer.evaluation.comparison import PatchComparison, SlideComparison
from layer3_infer.evaluation.roc_summary import NO_PATCHES, NO_SLIDES, of_patches, of_slides

QUICK = EvaluateSettings(replicates=20)


def by_force(labels, scores):
    """Share of pairs of a positive and a negative in the right order; ties are half right."""
    pairs = [(p > n) + (p == n) / 2 for p in scores[labels == 1] for n in scores[labels == 0]]
    return np.mean(pairs)


def test_areas_of_slides_are_those_of_looking_at_every_pair():
    rng = np.random.default_rng(0)
    labels, scores = rng.integers(0, 2, 30), rng.integers(0, 6, 30) / 5
    compared = [SlideComparison(str(n), positive=bool(label)) for n, label in enumerate(labels)]

    found = of_slides(compared, {str(n): score for n, score in enumerate(scores)}, QUICK)

    assert np.isclose(found["auc"]["value"], by_force(labels, scores))
    assert (found["positive"], found["negative"]) == (labels.sum(), (1 - labels).sum())


def test_slides_without_a_score_or_a_class_do_not_count():
    compared = [
        SlideComparison("a", positive=True),
        SlideComparison("b", positive=False),
        SlideComparison("c"),
    ]

    found = of_slides(compared, {"a": None, "b": 0.1, "c": 0.9}, QUICK)

    assert (found["positive"], found["negative"]) == (0, 1)
    assert found["auc"] == {"value": None, "low": None, "high": None, "reason": NO_SLIDES}


def test_patches_of_all_slides_are_ranked_together():
    rng = np.random.default_rng(1)
    made = [
        PatchComparison(rng.integers(0, 2, 20).astype(np.int8), rng.random(20, np.float32), 1)
        for _ in range(3)
    ]
    compared = [SlideComparison(str(n), str(n), patches=one) for n, one in enumerate(made)]

    found = of_patches([*compared, SlideComparison("silent")], QUICK)

    labels = np.concatenate([one.labels for one in made])
    scores = np.concatenate([one.scores for one in made])
    assert np.isclose(found["auc"]["value"], by_force(labels, scores))
    assert found["left_out"] == 3
    assert list(found["by_slide"]) == ["0", "1", "2"]


def test_without_heatmaps_patches_have_no_area():
    assert of_patches([SlideComparison("a")], QUICK)["auc"]["reason"] == NO_PATCHES
