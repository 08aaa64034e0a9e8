from __future__ import annotations

import numpy as np

from common.roc import interval
from layer3_infer.evaluation.bootstrap import ONE_GROUP, estimates, one_estimate

VALUES = np.array([0.1, 0.5, 0.9, 0.3])
GROUPS = ["a", "a", "b", "c"]
HOW = {"replicates": 200, "seed": 3, "undefined": "nothing there"}


def mean(counts):
    return float((counts * VALUES).sum() / counts.sum())


def test_each_number_has_the_interval_it_would_have_alone():
    both = estimates(lambda counts: np.array([mean(counts), counts.sum()]), GROUPS, **HOW)

    alone = interval(mean, np.array(GROUPS), replicates=200, seed=3)
    assert both[0] == {**alone, "resamples": 200} == one_estimate(mean, GROUPS, **HOW)
    assert both[0]["low"] < both[0]["value"] < both[0]["high"]


def test_patients_are_drawn_whole():
    seen = []

    one_estimate(lambda counts: seen.append(counts) or 0.0, GROUPS, **HOW)

    assert all(counts[0] == counts[1] for counts in seen)
    assert {counts[[0, 2, 3]].sum() for counts in seen} == {3}


def test_with_one_patient_there_is_a_value_and_no_interval():
    found = one_estimate(mean, ["a"] * 4, **HOW)

    assert found == {"value": 0.45, "low": None, "high": None, "reason": ONE_GROUP}


def test_an_undefined_number_says_why():
    found = one_estimate(lambda _: np.nan, GROUPS, **HOW)

    assert found == {"value": None, "low": None, "high": None, "reason": "nothing there"}


def test_a_number_that_resamples_never_define_has_no_interval():
    answers = iter([1.0])

    found = one_estimate(lambda _: next(answers, np.nan), GROUPS, **HOW)

    assert found["value"] == 1.0
    assert found["low"] is None
    assert found["reason"] == "no interval: only 0 of 200 resamples define it"
    assert found["resamples"] == 0


def test_a_number_that_half_of_the_resamples_define_has_no_interval():
    """Of two patients, one with tumour and one without: both must be drawn."""

    def area(counts):
        return 1.0 if (counts > 0).all() else np.nan

    found = one_estimate(area, ["with", "without"], **HOW)

    assert (found["value"], found["low"], found["high"]) == (1.0, None, None)
    assert 80 < found["resamples"] < 120
    assert found["reason"] == f"no interval: only {found['resamples']} of 200 resamples define it"
