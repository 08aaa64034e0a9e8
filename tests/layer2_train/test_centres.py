from __future__ import annotations

import numpy as np
import pytest

from layer2_train.centres import by_centre
from layer2_train.metrics import metrics
from layer2_train.origins import Origins

LABELS = np.array([0, 0, 1, 1, 0, 0, 1], np.int8)
SCORES = np.array([0.1, 0.7, 0.6, 0.9, 0.2, 0.8, 0.9], np.float32)


def origins(centres, names):
    return Origins(np.arange(7) // 2, "patients", np.array(centres, np.int32), names, 4, 4)


def test_a_centre_has_the_rates_of_its_own_patches():
    found = by_centre(
        LABELS, SCORES, origins([0, 0, 0, 0, 1, 1, -1], ("a", "b")), threshold=0.5, replicates=20
    )

    alone = metrics(LABELS[:4], SCORES[:4], np.arange(4) // 2, threshold=0.5, replicates=20)
    assert found["a"]["auc"] == alone["auc"]
    assert found["a"]["balanced_accuracy"]["value"] == pytest.approx(0.75)
    assert (found["a"]["n"], found["a"]["normal"], found["a"]["tumor"]) == (4, 2, 2)


def test_what_a_centre_of_one_class_cannot_tell_is_none():
    found = by_centre(
        LABELS, SCORES, origins([0, 0, 0, 0, 1, 1, -1], ("a", "b")), threshold=0.5, replicates=20
    )

    assert found["b"]["sensitivity"]["value"] is None
    assert found["b"]["auc"]["value"] is None
    assert found["b"]["balanced_accuracy"]["value"] is None
    assert found["b"]["specificity"]["value"] == 0.5


def test_centres_that_are_not_known_are_in_no_result():
    assert by_centre(LABELS, SCORES, origins([-1] * 7, ()), threshold=0.5, replicates=20) == {}
