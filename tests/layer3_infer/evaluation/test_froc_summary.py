from __future__ import annotations

import numpy as np

from layer3_infer.config import EvaluateSettings
from layer3_infer.evaluation.comparison import SlideComparison
from layer3_infer.evaluation.froc import SlideHits
from layer3_infer.evaluation.froc_summary import as_csv, of_froc

QUICK = EvaluateSettings(replicates=50)


def slide(name, false=(), found=(), patient=""):
    return SlideComparison(
        name, patient, hits=SlideHits(np.array(false, float), np.array(found, float))
    )


def test_intervals_are_over_patients_and_hold_the_value():
    slides = [slide(f"s{n}", [0.5] * (n % 3), [0.9 * (n % 2)], f"p{n // 2}") for n in range(12)]

    found = of_froc(slides, QUICK)

    assert found["score"]["low"] <= found["score"]["value"] <= found["score"]["high"]
    assert list(found["sensitivity"]) == ["0.25", "0.5", "1", "2", "4", "8"]
    values = [one["value"] for one in found["sensitivity"].values()]
    assert np.isclose(np.mean(values), found["score"]["value"])


def test_one_patient_alone_has_no_interval_and_says_why():
    found = of_froc([slide("a", [], [0.9], "p"), slide("b", [0.1], [], "p")], QUICK)

    assert found["score"]["value"] == 1
    assert "fewer than two patients" in found["score"]["reason"]


def test_slides_left_out_are_named_and_count_for_nothing():
    found = of_froc([slide("a", [], [0.9]), SlideComparison("b", no_hits="why")], QUICK)

    assert found["slides"] == 1
    assert found["left_out"] == {"b": "why"}


def test_found_lesions_and_false_positives_are_told_by_slide():
    found = of_froc([slide("a", [0.4, 0.0], [0.9, 0.0])], QUICK)

    assert found["by_slide"]["a"] == {
        "lesions": 2,
        "found": 1,
        "itc": 0,
        "false_positives": 1,
        "in_itc": 0,
    }


def test_the_table_has_a_line_for_each_threshold():
    text = as_csv([slide("a", [0.4], [0.9, 0.0]), slide("b")])

    assert text.splitlines() == [
        "threshold,false_positives_per_slide,sensitivity",
        "0.9,0,0.5",
        "0.4,0.5,0.5",
    ]


def test_without_a_lesion_there_is_no_line():
    assert len(as_csv([slide("a")]).splitlines()) == 1
