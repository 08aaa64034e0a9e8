from __future__ import annotations

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
    passing("nuclei_area_mean", "block2", sensitivity_z=9.0, tcav=0.97, r2=0.8),
    finding("contrast", passes_alone=True, explained_by="nuclei_area_mean"),
    finding("asm"),
    Finding("entropy", "block1", 3, 1, reason="3 patches have a value, of 20 needed"),
]


def told(findings=FINDINGS, together=(), warnings=()):
    return paragraphs(CONCEPTS, findings, together, warnings)


def test_a_concept_that_passes_is_told_at_its_strongest_layer():
    assert told()[0] == (
        "Where nuclei are larger, that speaks for tumour (TCAV 0.97, R2 0.80 in block2; passes in "
        "block1, block2)."
    )


def test_against_tumour_is_said_so():
    text = told([passing("nuclei_area_mean", sensitivity_mean=-1.0, tcav=0.02)])[0]

    assert "speaks against tumour (TCAV 0.02" in text


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

    text = told(findings, pairs)[-1]

    assert "mean nuclear area and chromatin contrast (r = -0.61)" in text
    assert "ASM" not in text


def test_where_nothing_passes_that_is_the_first_thing_said():
    assert told([finding("asm")])[0].startswith("No concept stands out")


def test_warnings_come_last():
    assert told(warnings=["Beware."])[-1] == "Beware."
