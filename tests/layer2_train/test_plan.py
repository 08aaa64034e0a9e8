from __future__ import annotations

import csv
import logging

import pytest
from patch_files import write_cohort, write_patch_file

from common.errors import ContractError
from common.patch_file.reader import PatchFile
from layer2_train.config import SplitByPatient, SplitGiven
from layer2_train.plan import differing, make_plan, source_of


def test_says_how_many_of_what_each_split_holds(tmp_path):
    plan = make_plan(write_cohort(tmp_path), SplitByPatient(valid=("patient_001",), test=0))

    assert plan.counts()["valid"] == {
        "files": 1,
        "slides": 1,
        "patients": 1,
        "centres": 1,
        "normal": 8,
        "tumor": 0,
        "unknown": 0,
    }
    assert plan.counts()["train"]["tumor"] == 12
    assert plan.data()["valid"]["slide_ids"] == ["patient_001_node_0"]
    assert plan.text().splitlines()[2].split() == ["valid", "1", "1", "1", "1", "8", "0", "0"]


def test_the_table_has_a_line_for_every_file(tmp_path):
    plan = make_plan(write_cohort(tmp_path), SplitByPatient(valid=("patient_001",), test=0))

    lines = list(csv.DictReader(plan.csv().splitlines()))

    assert [line["file"] for line in lines] == [f"patient_{n:03d}_node_0.h5" for n in range(6)]
    assert [line["split"] for line in lines] == ["train", "valid", *["train"] * 4]
    assert lines[0]["patient"] == "patient_000"
    assert lines[5]["centre"] == "centre_1"
    assert lines[0]["normal"] == "4"


def test_a_source_says_what_the_file_says(tmp_path):
    path = write_patch_file(tmp_path, "s", patient="p", split="test", labels=[0, 1, -1, 1])

    found = source_of(PatchFile(path))

    assert (found.patient, found.given, found.normal, found.tumor) == ("p", "test", 1, 2)
    assert found.unknown == 1


def test_unknown_patients_are_warned_of(tmp_path, caplog):
    write_patch_file(tmp_path, "a", split="train")
    write_patch_file(tmp_path, "b", split="valid", patient="p")

    with caplog.at_level(logging.WARNING):
        make_plan(tmp_path, SplitGiven(by="given"))

    assert "the patient of 1 of 2 slides is not known (a)" in caplog.text


def test_a_broken_file_is_named(tmp_path):
    write_cohort(tmp_path)
    (tmp_path / "patient_003_node_0.h5").write_bytes(b"half")

    with pytest.raises(ContractError, match=r"patient_003_node_0.h5"):
        make_plan(tmp_path, SplitByPatient())


def test_the_table_tells_other_patches_of_equal_counts_apart(tmp_path):
    settings = SplitByPatient(valid=("patient_001",), test=0)
    before = make_plan(write_cohort(tmp_path / "a", n=4), settings).csv()
    other = write_cohort(tmp_path / "b", n=4)
    labels = [1, 0, 1, 0]
    write_patch_file(
        other, "patient_002_node_0", patient="patient_002", centre="centre_0", labels=labels
    )

    after = make_plan(other, settings).csv()

    assert differing(before, before) == []
    assert differing(before, after) == ["patient_002_node_0.h5 (content_sha256)"]


def test_files_that_came_or_went_are_named():
    assert differing("file,tumor\na.h5,1\n", "file,tumor\nb.h5,1\n") == [
        "a.h5 (is gone)",
        "b.h5 (is new)",
    ]
