from __future__ import annotations

from layer3_infer.report.metrics import Row, metric_line, metric_rows

AUC = {"value": 0.9, "low": 0.8, "high": 1.0}


def test_numbers_of_every_depth_are_rows_and_others_are_not():
    rows = metric_rows(
        {
            "model_sha256": "m",
            "patches": {"auc": AUC, "tumor": 3, "by_slide": {"a": {"auc": 1.0}}},
            "slides": {"auc": {"value": None, "low": None, "high": None, "reason": "one class"}},
            "froc": {"score": AUC, "sensitivity": {"0.25": AUC}},
            "stages": {"kappa": AUC, "confusion": [[1, 2]], "by_patient": {"p": {"said": "pN0"}}},
            "trained_on": ["a"],
            "settings": {"seed": 0},
        }
    )

    assert rows == [
        Row("patches: AUC", "0.900", "0.800 to 1.000"),
        Row("patches: tumour", "3"),
        Row("slides: AUC", "–", "one class"),  # noqa: RUF001
        Row("FROC: score", "0.900", "0.800 to 1.000"),
        Row("FROC: sensitivity at 0.25 false positives per slide", "0.900", "0.800 to 1.000"),
        Row("stages: quadratic kappa", "0.900", "0.800 to 1.000"),
    ]


def test_an_empty_evaluation_has_no_rows():
    assert metric_rows({}) == []


def test_a_metric_without_interval_or_value_is_told_as_far_as_it_is():
    line = metric_line({"auc": {"value": 0.9, "low": 0.8, "high": None}, "f1": {"value": None}})

    assert line == "auc 0.900"
