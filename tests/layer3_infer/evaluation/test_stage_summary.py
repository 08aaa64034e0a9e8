from __future__ import annotations

from pathlib import Path

from common.cohort import SlideEntry
from layer3_infer.config import EvaluateSettings
from layer3_infer.evaluation.comparison import SlideComparison
from layer3_infer.evaluation.stage_summary import SEEN, SILENT, of_stages

QUICK = EvaluateSettings(replicates=20)


def entry(slide_id, patient, label=""):
    return SlideEntry(slide_id, Path(slide_id), patient=patient, slide_label=label)


def compared(slide_id, patient, known, said):
    return SlideComparison(slide_id, patient, known_class=known, said_class=said)


def test_a_patient_is_staged_from_all_its_slides():
    entries = [entry(f"a{n}", "a") for n in range(5)]
    classes = ["macro", "micro", "micro", "micro", "itc"]
    found = of_stages(
        entries,
        [compared(f"a{n}", "a", name, "negative") for n, name in enumerate(classes)],
        {},
        QUICK,
    )

    assert found["by_patient"] == {"a": {"known": "pN2", "said": "pN0", "slides": 5}}
    assert found["not_five_slides"] == []


def test_a_patient_with_a_slide_nobody_speaks_of_is_not_staged():
    entries = [entry("a0", "a"), entry("a1", "a", "macro"), entry("b0", "b"), entry("c0", "c")]
    one = [compared("a0", "a", "itc", "itc"), compared("b0", "b", None, "itc")]

    found = of_stages(entries, one, {}, QUICK)

    assert found["left_out"] == {
        "a": "no class is said of a1",
        "b": "the class of b0 is not known",
        "c": SILENT,
    }
    assert found["by_patient"] == {}


def test_a_stage_that_is_given_goes_before_the_slides_and_needs_no_answer():
    entries = [entry("a0", "a", "macro"), entry("b0", "b", "positive")]

    found = of_stages(entries, [], {"a": "pN2", "b": "pN0"}, QUICK)

    assert found["by_patient"] == {"a": {"known": "pN1", "said": "pN2", "slides": 1}}
    assert found["left_out"]["b"] == "the class of b0 is not known"


def test_patients_of_fewer_slides_than_wanted_are_left_out_with_the_number():
    entries = [entry("a0", "a", "macro")]
    settings = EvaluateSettings(replicates=20, slides_min=5)

    found = of_stages(entries, [compared("a0", "a", "macro", "macro")], {}, settings)

    assert found["left_out"] == {"a": "1 slides, of at least 5"}


def test_slides_whose_patient_is_not_known_are_of_no_patient():
    found = of_stages([entry("x", "")], [compared("x", "", "macro", "macro")], {}, QUICK)

    assert (found["by_patient"], found["left_out"]) == ({}, {})
    assert found["without_patient"] == ["x"]


def test_patients_that_nothing_is_said_of_are_left_out_with_that_reason():
    entries = [entry("a0", "a", "macro"), entry("b0", "b", "macro")]

    found = of_stages(entries, [compared("a0", "a", "macro", "macro")], {}, QUICK)

    assert list(found["by_patient"]) == ["a"]
    assert found["left_out"] == {"b": SILENT}


def test_patients_the_model_was_trained_on_are_left_out_even_where_their_stage_is_given():
    entries = [entry("a0", "a", "macro"), entry("b0", "b", "macro")]

    found = of_stages(entries, [], {"a": "pN1", "b": "pN1"}, QUICK, seen={"a"})

    assert list(found["by_patient"]) == ["b"]
    assert found["left_out"] == {"a": SEEN}


def test_a_stage_of_a_patient_nobody_has_slides_of_says_how_many_slides_are_of_nobody():
    found = of_stages([entry("x", "")], [], {"a": "pN1"}, QUICK)

    assert found["left_out"] == {"a": "nothing is known of it; no patient is known of 1 slides"}
