from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import log_loss as reference_log_loss

from layer2_train.metrics import log_loss, metrics

LABELS = np.array([1, 1, 1, 1, 0, 0, 0, 0, 0, 0], np.int8)
SCORES = np.array([0.9, 0.8, 0.7, 0.2, 0.1, 0.1, 0.2, 0.3, 0.6, 0.5], np.float32)
GROUPS = np.array([0, 0, 1, 1, 2, 2, 3, 3, 4, 4])


def test_rates_are_those_counted_by_hand():
    found = metrics(LABELS, SCORES, GROUPS, threshold=0.5, replicates=50)

    assert found["n"] == 10
    assert found["confusion"] == {
        "true_positive": 3,
        "false_positive": 2,
        "true_negative": 4,
        "false_negative": 1,
    }
    assert found["accuracy"]["value"] == pytest.approx(0.7)
    assert found["sensitivity"]["value"] == pytest.approx(0.75)
    assert found["specificity"]["value"] == pytest.approx(4 / 6)
    assert found["groups"] == 5


def test_intervals_hold_the_value():
    found = metrics(LABELS, SCORES, GROUPS, threshold=0.5, replicates=200)

    for name in ("auc", "accuracy", "sensitivity", "specificity"):
        assert 0 <= found[name]["low"] <= found[name]["value"] <= found[name]["high"] <= 1


def test_dependent_patches_widen_the_interval():
    rng = np.random.default_rng(0)
    labels = np.repeat(rng.integers(0, 2, 20), 50).astype(np.int8)
    scores = (np.repeat(rng.normal(size=20), 50) + labels).astype(np.float32)

    def width(groups):
        found = metrics(labels, scores, groups, threshold=0.5, replicates=100)["auc"]
        return found["high"] - found["low"]

    assert width(np.repeat(np.arange(20), 50)) > 2 * width(np.arange(1000))


def test_one_patient_has_no_interval():
    found = metrics(LABELS, SCORES, np.zeros(10), threshold=0.5, replicates=50)

    assert found["auc"]["value"] is not None
    assert found["auc"]["low"] is None
    assert found["auc"]["high"] is None


def test_what_one_class_cannot_tell_is_none():
    found = metrics(LABELS[4:], SCORES[4:], GROUPS[4:], threshold=0.5, replicates=50)

    assert found["auc"]["value"] is None
    assert found["sensitivity"] == {"value": None, "low": None, "high": None}
    assert found["specificity"]["value"] is not None


def test_log_loss_is_the_reference_one_and_finite_when_sure_and_wrong():
    assert log_loss(LABELS, SCORES) == pytest.approx(reference_log_loss(LABELS, SCORES), rel=1e-5)
    assert np.isfinite(log_loss(np.array([1], np.int8), np.array([0.0], np.float32)))
