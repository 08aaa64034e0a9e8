from __future__ import annotations

import pytest

from layer3_infer.explain.concept_words import paragraphs
from layer3_infer.explain.concepts import of_measures
from layer3_infer.explain.finding import Finding

CONCEPTS = of_measures(("nuclei_area_mean", "contrast", "asm", "entropy"), (), 0.5)


def finding(name, layer="block1", **more):
    return Finding(name, layer, 100, 4, **{"r2": 0.5, "tcav": 0.9, "sensitivity_mean": 1.0, **more})


def passing(name, layer="block1", **more):
    return finding(name, layer, passes=True, passes_alone=True, br_scaled=1.0, **more)


FINDINGS = [
    passing("nuclei_area_mean", sensitivity_z=5.0),
    passing(
        "nuclei_area_mean",
        "block2",
        sensitivity_z=9.04,
        tcav=0.97,
        r2=0.8,
        tcav_null_low=0.1,
        tcav_null_high=0.9,
    ),
    finding("contrast", passes_alone=True, explained_by="nuclei_area_mean"),
    finding("asm"),
    Finding("entropy", "block1", 3, 1, reason="3 patches have a value, of 20 needed"),
]


def told(findings=FINDINGS, together=(), warnings=()):
    return paragraphs(CONCEPTS, findings, together, warnings)


def test_a_concept_that_passes_is_told_at_its_strongest_layer():
    assert told()[0] == (
        "Where nuclei are larger, that speaks for tumour (in block2 the mean sensitivity is 9.0 "
        "standard deviations from those of shuffled copies, R2 0.80, TCAV 0.97 where theirs is "
        "0.10 to 0.90; passes in block1, block2)."
    )


def test_against_tumour_is_said_so():
    text = told([passing("nuclei_area_mean", sensitivity_mean=-1.0, tcav=0.02)])[0]

    assert "that speaks against tumour (" in text


def test_layers_that_disagree_are_named_by_what_they_say():
    text = told(
        [
            passing("nuclei_area_mean", sensitivity_z=5.0),
            passing("nuclei_area_mean", "block2", sensitivity_z=4.0),
            passing("nuclei_area_mean", "block3", sensitivity_z=-6.0, sensitivity_mean=-1, tcav=0),
        ]
    )[0]

    assert text.startswith("Where nuclei are larger, that speaks against tumour (in block3 ")
    assert "passes in block3), but for tumour (in block1 " in text
    assert text.endswith("passes in block1, block2).")


@pytest.mark.parametrize(("mean", "tcav"), [(1.0, 0.3), (-1.0, 0.7)])
def test_most_patches_that_say_otherwise_are_told(mean, tcav):
    text = told([passing("nuclei_area_mean", sensitivity_mean=mean, tcav=tcav)])[0]

    assert "that speaks on average " in text
    assert "though in most patches the other way" in text


def test_a_layer_that_knows_little_of_a_concept_is_told_so():
    assert "knows little of it" in told([passing("nuclei_area_mean", r2=0.02)])[0]
    assert "knows little of it" not in told()[0]


def test_what_passes_comes_with_a_caution_and_nothing_with_none():
    assert "goes along with the label" in told()[-1]
    assert not any("goes along with the label" in text for text in told([finding("asm")]))


def test_what_a_stronger_concept_explains_is_told_beside_it():
    assert told()[1] == (
        "Beside mean nuclear area, with which it goes together, nothing more is seen of "
        "chromatin contrast."
    )


def test_no_evidence_is_no_proof():
    assert told()[2] == (
        "There is no evidence that the network looks at chromatin ASM. "
        "That is no proof that it does not."
    )


def test_what_could_not_be_assessed_says_why():
    assert "Chromatin entropy could not be assessed: 3 patches have a value" in told()[3]


def test_concepts_that_both_pass_and_go_together_are_told():
    findings = [passing("nuclei_area_mean"), passing("contrast")]
    pairs = [("nuclei_area_mean", "contrast", -0.61), ("asm", "contrast", 0.9)]

    text = told(findings, pairs)[-2]

    assert "mean nuclear area and chromatin contrast (r = -0.61)" in text
    assert "ASM" not in text


def test_where_nothing_passes_that_is_the_first_thing_said():
    text = told([finding("asm")])[0]

    assert text.startswith("No concept stands out: with these patches")
    assert "follow" not in text


def test_warnings_come_last():
    assert told(warnings=["Beware."])[-1] == "Beware."
