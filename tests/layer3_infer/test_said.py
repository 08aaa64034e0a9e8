from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from common.outcomes import Outcome
from layer3_infer import said
from layer3_infer.explain.concept_pipeline import ConceptResult
from layer3_infer.merge import Merged
from layer3_infer.pipeline import Forecast
from layer3_infer.slide_result import SlideResult
from layer3_infer.slide_score import SlideScores

DONE = SlideResult("a", "done", scores=SlideScores(4, 0.9, 0.8, 0.5, 0.25, 0.5), warnings=("w",))
EMPTY = SlideResult("b", "empty", "no tissue")
FAILED = SlideResult("c", "failed", "c.tif: broken", exit_status=3)
OUT = Path("out")


def test_a_run_ends_with_the_gravest_status_and_tells_of_every_slide():
    result = said.of_heatmaps([DONE, EMPTY, FAILED], 1, OUT)

    assert result.exit_status == 3
    assert "1 done, 1 empty, 1 failed (1 from an earlier run)" in result.text
    assert "a: highest P(tumour) 0.900 in 4 patches, 0.5 mm2" in result.text
    assert "note a: w" in result.text
    assert [slide["slide_id"] for slide in result.data["slides"]] == ["a", "b", "c"]


def test_merging_ends_with_the_status_of_the_cohort_and_names_what_is_there_besides():
    result = said.of_merge(Merged([DONE, EMPTY], ["c", "d"]), OUT)

    assert (result.exit_status, result.data["not_in_cohort"]) == (0, ["c", "d"])
    assert "not in the cohort, and kept in the tables: c, d" in result.text
    assert result.text.endswith("next: layer3-infer report out")


@pytest.mark.parametrize("status", [1, 3, 4])
def test_merging_ends_with_3_for_slides_that_failed_whatever_their_own_status(status):
    failed = replace(FAILED, exit_status=status)

    result = said.of_merge(Merged([DONE, failed], []), OUT)

    assert result.exit_status == 3
    assert "failed c: c.tif: broken" in result.text


def test_concepts_are_told_in_words_with_how_each_slide_ended():
    outcomes = [Outcome("a", "done"), Outcome("b", "failed", "b.h5: broken", exit_status=4)]
    found = ConceptResult(outcomes, {"words": ["Nuclei.", "Chromatin."]}, kept=True)

    result = said.of_concepts(found, OUT)

    assert result.exit_status == 4
    assert "failed b: b.h5: broken" in result.text
    assert result.text.endswith("Nuclei.\nChromatin.\nconcepts in out")
    assert result.data["words"] == ["Nuclei.", "Chromatin."]


def test_a_forecast_adds_up_what_is_to_do():
    result = said.of_forecast([Forecast("a", "to do", 7), Forecast("b", "fails", reason="broken")])

    assert result.text.startswith("2 slides, 1 to do, 7 patches to analyse")
    assert "fails     b: broken" in result.text


def test_explanations_end_with_the_status_of_their_slides():
    outcomes = [Outcome("a", "done"), Outcome("b", "failed", "no pixels", exit_status=4)]

    assert said.of_explanations(outcomes, OUT).exit_status == 4


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (
            {"value": 0.9, "low": 0.8, "high": 1.0},
            "0.900 (95 % interval 0.800 to 1.000, over slides)",
        ),
        (
            {"value": 0.9, "low": None, "high": None, "reason": "one patient"},
            "0.900 (one patient)",
        ),
        (
            {"value": None, "low": None, "high": None, "reason": "no lesion"},
            "not defined (no lesion)",
        ),
    ],
)
def test_an_evaluation_is_told_with_intervals_or_why_there_are_none(found, words):
    slides = {"auc": found, "positive": 1, "negative": 1}
    evaluation = {
        "patches": {"auc": found, "tumor": 1, "normal": 2, "left_out": 3},
        "slides": slides,
        "slide_predictions": slides,
        "froc": {
            "score": found,
            "sensitivity": {"0.25": found},
            "lesions": 4,
            "slides": 2,
            "itc": 1,
            "left_out": {"e": "not exhaustive"},
        },
        "classes": {"kappa": found},
        "stages": {
            "kappa": found,
            "said_by": "heatmaps",
            "by_patient": {"p": {}},
            "not_five_slides": ["p"],
            "left_out": {"q": "no class is said of d"},
        },
        "intervals_over": "slides",
        "left_out": {"b": "b.xml: broken"},
        "without_heatmap": ["c", "d"],
        "without_answer": ["c"],
        "exit_status": 3,
        "trained_on": ["a"],
    }

    result = said.of_evaluation(evaluation, OUT)
    text = result.text

    for name in ("slides: AUC", "lesions: FROC score", "stages: quadratic kappa"):
        assert f"{name} {words}" in text
    assert "left out b: b.xml: broken" in text
    assert "left out of FROC e: not exhaustive" in text
    assert "not staged q: no class is said of d" in text
    assert "other than CAMELYON17's five slides: 1 patients" in text
    assert "slides of the cohort without a heatmap: 2" in text
    assert result.exit_status == 3
    assert "trained or chosen on a" in text


def test_the_verdict_on_each_method_is_said():
    from layer3_infer.explain.sanity import Depth, Sanity

    sanity = Sanity("grad_cam_pp", 4, 0.5, (Depth("answer", 1, 0.1, 0.2, 0.1, 0.2),))

    result = said.of_explanations([], OUT, [sanity])

    assert "Grad-CAM++: the maps change when the weights are random" in result.text
    assert result.data["sanity"][0]["passes"]


def test_a_choice_names_its_patches():
    outcome = Outcome("a", "done", notes=["P(tumour) 0.9 at x 1, y 2 (row 0)"])

    assert "  a: P(tumour) 0.9 at x 1, y 2 (row 0)" in said.of_choice([outcome]).text
