from __future__ import annotations

import csv
import logging
from functools import partial

import pytest
from patch_files import paint, write_cohort, write_patch_file

from layer2_train.config import SplitByPatient, SplitGiven
from layer2_train.plan import differing, make_plan
from layer2_train.refusal import UnfitPatchesError


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


def test_unknown_patients_are_warned_of(tmp_path, caplog):
    write_patch_file(tmp_path, "a", split="train")
    write_patch_file(tmp_path, "b", split="valid", patient="p")

    with caplog.at_level(logging.WARNING):
        make_plan(tmp_path, SplitGiven(by="given"))

    assert "the patient of 1 of 2 slides is not known (a)" in caplog.text


def test_every_unfit_file_and_every_leak_is_listed_at_once(tmp_path):
    write_patch_file(tmp_path, "whole", patient="p", split="train")
    write_patch_file(tmp_path, "small", patient="q", split="train", size=8)
    write_patch_file(tmp_path, "places", patient="r", split="train", codec="none")
    write_patch_file(tmp_path, "leak", patient="p", split="test")
    write_patch_file(tmp_path, "cut", patient="s", split="train", part=1, parts=2)
    (tmp_path / "half.h5").write_bytes(b"half")

    with pytest.raises(UnfitPatchesError) as refused:
        make_plan(tmp_path, SplitGiven(by="given"))

    head, *lines = str(refused.value).splitlines()
    assert head.startswith("5 problems with the patch files; nothing was trained")
    assert refused.value.exit_status == 4
    for said in (
        "half.h5: format: expected a patch file",
        "places.h5: /patches: expected pixels, found locations only",
        "small.h5: patch_size, patch_mpp: expected 16 px at 1 um/px",
        "cut: expected 2 parts, found no part 0",
        "patient p: expected one split, found test (leak.h5) and train (whole.h5)",
    ):
        assert sum(said in line for line in lines) == 1, said


def test_files_of_two_folders_keep_apart_and_patients_together(tmp_path):
    cohort, more = write_cohort(tmp_path / "cohort"), tmp_path / "more"
    write_patch_file(more, "patient_001_node_0", patient="patient_001", labels=[0, 0])

    plan = make_plan((cohort, more), SplitByPatient(valid=("patient_001",), test=0))

    lines = list(csv.DictReader(plan.csv().splitlines()))
    split_of = {line["file"]: line["split"] for line in lines}
    assert len(lines) == len(split_of) == 7
    assert split_of["cohort/patient_001_node_0.h5"] == "valid"
    assert split_of["more/patient_001_node_0.h5"] == "valid"
    assert plan.counts()["valid"]["slides"] == 1
    assert plan.counts()["valid"]["normal"] == 10


def write_twins(folder, **changes):
    """Two files of the same imported patches, of two patients of two centres; and a third."""
    labels = [0, 1, 0, 1]
    twin = paint(labels, 16, 5)
    write = partial(write_patch_file, folder, placed=False, labels=labels, **changes)
    write("one", patches=twin, patient="patient_010", centre="0", split="train")
    write("other", patches=twin, patient="patient_030", centre="1", split="test")
    write("third", patient="patient_050", centre="1", split="test")
    return folder


def test_files_with_the_same_patches_are_named_and_kept_together(tmp_path, caplog):
    plan = make_plan(write_twins(tmp_path), SplitByPatient(valid=0.3, test=0))

    said = "one.h5 (patient patient_010, centre 0) and other.h5 (patient patient_030, centre 1)"
    assert f"{said} hold the same patches" in caplog.text
    assert f"{said} hold the same patches" in plan.text()
    assert {"one", "other"} <= set(plan.data()["train"]["slide_ids"])


@pytest.mark.parametrize("codec", ["raw", "jpeg"])
def test_the_same_patches_on_two_sides_are_refused(tmp_path, codec):
    write_twins(tmp_path, codec=codec)

    with pytest.raises(UnfitPatchesError, match="the same patches under several names"):
        make_plan(tmp_path, SplitGiven(by="given"))


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
