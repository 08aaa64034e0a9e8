from __future__ import annotations

import pytest

from common.errors import ContractError
from layer3_infer.explain.concept_plot import write_plot
from layer3_infer.explain.concept_table import ConceptsFolder, write_facts, write_table
from layer3_infer.explain.concepts import Concept
from layer3_infer.explain.finding import Finding
from layer3_infer.report.concept_section import concept_section

AREA = Concept("area", "Nuclear area", "um2", "nuclei are larger", "continuous", 0.5, "nuclei")
GRADE = Concept("grade", "Grade", "", "the grade is high", "discrete", None, "given.csv")
FOUND = Finding(
    "area", "conv_2", 40, 4, r2=0.123456, r2_low=0.1, r2_high=0.2, r2_null_low=-0.2,
    r2_null_high=0.05, r2_p=0.001, r2_p_corrected=0.004, tcav=1.0, tcav_null_low=0.2,
    tcav_null_high=0.8, sensitivity_mean=0.5, sensitivity_sd=0.1, sensitivity_z=3.0,
    sensitivity_p=0.001, sensitivity_p_corrected=0.004, br=0.6, br_scaled=1.0, agreement=1.0,
    passes_alone=True, passes=True,
)  # fmt: skip
NONE = Finding("grade", "conv_2", 3, 1, reason="3 patches have a value, of 20 needed")


def write(folder, model="m"):
    """As `layer3-infer concepts` does."""
    out, concepts, findings = ConceptsFolder(folder), [GRADE, AREA], [NONE, FOUND]
    write_table(out.table, concepts, findings)
    write_plot(out.picture, concepts, findings)
    write_facts(out.facts, {"words": ["One.", "Two."], "model_sha256": model})


def test_what_the_command_writes_is_taken(tmp_path):
    write(tmp_path)

    section = concept_section(tmp_path, "m", 100)

    first, second = (dict(zip(section.head, row, strict=True)) for row in section.rows)
    assert (first["concept"], first["r2"], first["sign"], first["passes"]) == (
        "area", "0.1235", "+", "yes",
    )  # fmt: skip
    assert (second["concept"], second["r2"], second["passes"]) == ("grade", "", "no")
    assert second["reason"].startswith("3 patches")
    assert section.words == ["One.", "Two."]
    assert section.picture.width == 100
    assert not section.other_model


def test_every_column_that_is_shown_is_one_the_command_writes(tmp_path):
    write(tmp_path)

    section = concept_section(tmp_path, "m", 100)

    assert len(section.head) == 14
    assert {"layer", "tcav", "br_scaled", "explained_by"} <= set(section.head)


def test_concepts_of_another_model_are_told(tmp_path):
    write(tmp_path)

    assert concept_section(tmp_path, "other", 100).other_model


def test_there_may_be_none_or_no_picture(tmp_path):
    assert concept_section(tmp_path, "m", 100) is None
    write(tmp_path)
    (tmp_path / "concepts.png").unlink()
    assert concept_section(tmp_path, "m", 100).picture is None


def test_a_broken_picture_is_named(tmp_path):
    write(tmp_path)
    (tmp_path / "concepts.png").write_bytes(b"half")

    with pytest.raises(ContractError, match=r"concepts\.png"):
        concept_section(tmp_path, "m", 100)
