from __future__ import annotations

import pytest

from layer3_infer.evaluation.stage_summary import SILENT
from layer3_infer.evaluation.wording import lines_of, worded


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ({"value": 0.9, "low": 0.8, "high": 1.0}, "0.900 (95 % interval 0.800 to 1.000, over x)"),
        ({"value": 0.9, "low": None, "reason": "one patient"}, "0.900 (one patient)"),
        ({"value": None, "low": None, "reason": "no lesion"}, "not defined (no lesion)"),
    ],
)
def test_a_number_is_told_with_its_interval_or_why_there_is_none(found, words):
    assert worded(found, "x") == words


def test_patients_of_whom_nothing_is_said_are_counted_and_others_named():
    number = {"value": None, "reason": "none"}
    stages = {
        "kappa": number,
        "said_by": "x",
        "by_patient": {},
        "not_five_slides": [],
        "left_out": {"a": SILENT, "b": SILENT, "c": "1 slides, of at least 5"},
        "without_patient": ["s", "t", "u"],
    }
    counts = dict.fromkeys(("tumor", "normal", "left_out", "positive", "negative"), 0)
    evaluation = {
        "intervals_over": "patients",
        "patches": {"auc": number, **counts},
        "slides": {"auc": number, **counts},
        "froc": {"score": number, "lesions": 0, "slides": 0, "itc": 0, "left_out": {}},
        "stages": stages,
        "classes": {"kappa": number},
        "left_out": {},
        "without_heatmap": [],
        "without_answer": [],
        "trained_on": [],
    }

    assert lines_of(evaluation)[-3:] == [
        "  not staged c: 1 slides, of at least 5",
        "  not staged, for nothing is said of their slides: 2 patients",
        "  not staged, for no patient is known: 3 slides",
    ]
