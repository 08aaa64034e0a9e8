from __future__ import annotations

import pytest

from common.errors import ContractError
from layer3_infer.evaluation.given_stages import read_given_stages


def table(tmp_path, text):
    path = tmp_path / "stages.csv"
    path.write_text(text)
    return path


def test_a_submission_to_camelyon17_tells_of_patients_and_of_slides(tmp_path):
    found = read_given_stages(
        table(
            tmp_path,
            "patient,stage\npatient_000.zip,pN1\npatient_000_node_0.tif,Macro\n"
            "patient_001.ZIP,PN0(I+)\npatient_002.zip,\n",
        )
    )

    assert found.patients == {"patient_000": "pN1", "patient_001": "pN0(i+)"}
    assert found.slides == {"patient_000_node_0": "macro"}


def test_classes_of_slides_alone_are_enough(tmp_path):
    found = read_given_stages(table(tmp_path, "slide_id,class\na,itc\n"))

    assert (found.patients, found.slides) == ({}, {"a": "itc"})


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a.zip,pN3", "line 2: stage: expected one of pN0, .* found 'pN3'"),
        ("a.tif,positive", "line 2: stage: expected one of"),
        (
            "a.zip,pN1\na,pN2",
            "line 3: patient: expected each slide or patient once, found 'a' again",
        ),
        (",pN1", "line 2: patient: expected a name"),
    ],
)
def test_a_line_with_a_mistake_is_named(tmp_path, line, message):
    with pytest.raises(ContractError, match=message):
        read_given_stages(table(tmp_path, f"patient,stage\n{line}\n"))
