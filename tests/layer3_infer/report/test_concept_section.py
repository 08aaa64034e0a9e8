from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from common.errors import ContractError
from layer3_infer.report.concept_section import concept_section


def write(folder, words="Large nuclei.", model="m"):
    (folder / "concepts.json").write_text(json.dumps({"words": words, "model_sha256": model}))
    (folder / "concepts.csv").write_text("concept,r2,n\narea,0.123456,40\n")
    cv2.imwrite(str(folder / "concepts.png"), np.zeros((50, 300, 3), np.uint8))


def test_table_picture_and_words_are_taken(tmp_path):
    write(tmp_path, "One.\n\nTwo.")

    section = concept_section(tmp_path, "m", 100)

    assert section.head == ["concept", "r2", "n"]
    assert section.rows == [["area", "0.1235", "40"]]
    assert section.words == ["One.", "Two."]
    assert section.picture.width == 100
    assert not section.other_model


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
