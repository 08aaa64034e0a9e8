from __future__ import annotations

from dataclasses import replace

from layer3_infer.report.caution import cautions_of
from layer3_infer.slide_result import MADE_WITH, SlideResult

RUN = dict.fromkeys(MADE_WITH, "m")
DONE = SlideResult("a", "done", inputs=dict(RUN))


def shorts(result, run=RUN):
    return [caution.short for caution in cautions_of(result, run)]


def test_there_is_nothing_to_say_of_a_result_without_fault():
    assert cautions_of(DONE, RUN) == []


def test_each_fault_is_told_once_the_gravest_first():
    result = replace(
        DONE,
        seen_in_split="valid",
        suspect="the tissue mask covers all of the slide",
        mpp_source="stated",
        warnings=(
            "the model has met this slide or its patient in its valid split",
            "annotation not drawn: broken",
        ),
        notes=["read twice"],
    )

    found = cautions_of(result, RUN)

    assert shorts(result) == ["seen in training", "suspect tissue mask", "stated scale", "", ""]
    assert [caution.grave for caution in found] == [True, True, False, False, False]
    assert [c.text for c in found[3:]] == ["annotation not drawn: broken", "read twice"]
    assert "covers all" in found[1].text


def test_a_slide_held_out_was_not_trained_on():
    assert shorts(replace(DONE, seen_in_split="test")) == []


def test_a_failure_and_another_models_result_are_grave():
    failed = SlideResult("a", "failed", "a.tif: no pixels", exit_status=3)

    assert cautions_of(failed, RUN)[0].text == "Failed: a.tif: no pixels"
    assert shorts(DONE, {**RUN, "model_sha256": "other"}) == ["another model's"]


def test_why_a_slide_is_empty_is_told():
    (caution,) = cautions_of(replace(DONE, status="empty", reason="only glass"), RUN)

    assert (caution.short, caution.text, caution.grave) == ("empty", "only glass", False)
