from __future__ import annotations

from dataclasses import replace

import pytest

from common.cohort import SlideEntry
from common.outcomes import write_outcome
from common.slide_changes import seen_of
from layer3_infer.result_changes import result_changes
from layer3_infer.slide_result import SlideResult


@pytest.fixture
def entry(tmp_path):
    (tmp_path / "s.tif").write_bytes(b"slide")
    return SlideEntry("s", tmp_path / "s.tif", patient="p", annotation=tmp_path / "s.xml")


def made(folder, entry, status="done", **said):
    result = SlideResult("s", status, seen=seen_of(entry), **said)
    write_outcome(folder, result)
    return result


def test_what_the_cohort_says_otherwise_is_named(entry, tmp_path):
    result = made(tmp_path, entry, mpp=0.25, inputs={"patient": "p"})

    assert result_changes(entry, result, tmp_path) == []
    other = replace(entry, patient="q", mpp=0.5)
    assert result_changes(other, result, tmp_path) == ["patient", "mpp"]


def test_an_annotation_that_was_not_there_is_told_when_it_is(entry, tmp_path):
    result = made(tmp_path, entry, inputs={"annotation_sha256": ""})

    assert result_changes(entry, result, tmp_path) == []
    entry.annotation.touch()
    assert result_changes(entry, result, tmp_path) == ["annotation"]


def test_of_a_failure_it_is_told_whether_the_slide_file_is_another(entry, tmp_path):
    result = made(tmp_path, entry, "failed")

    assert result_changes(replace(entry, patient="q"), result, tmp_path) == []
    entry.path.write_bytes(b"another slide")
    assert result_changes(entry, result, tmp_path) == ["slide"]


def test_an_annotation_mended_in_place_brings_its_failed_slide_back(entry, tmp_path):
    entry.annotation.write_text("torn")
    result = made(tmp_path, entry, "failed")

    assert result_changes(entry, result, tmp_path) == []
    entry.annotation.write_text("mended by hand")
    assert result_changes(entry, result, tmp_path) == ["annotation"]


def test_of_a_failure_that_an_older_version_recorded_nothing_is_told(entry, tmp_path):
    result = made(tmp_path, replace(entry, path=tmp_path / "none.tif"), "failed")

    assert result.seen == {}
    assert result_changes(entry, result, tmp_path) == []
