from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest
from tiff_slides import write_slide

from common.cohort import SlideEntry
from common.files import sha256
from common.outcomes import write_outcome
from common.slide_changes import seen_of
from layer3_infer import result_changes as module
from layer3_infer.analysis import open_slide
from layer3_infer.result_changes import note_same, note_seen, result_changes
from layer3_infer.slide_result import SlideResult, read_result


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


@pytest.fixture
def of_slide(tmp_path):
    """A slide that can be opened, its result, and what that follows from."""
    write_slide(tmp_path / "s.tif", np.full((64, 64, 3), 200, np.uint8), 0.5)
    (tmp_path / "s.xml").write_text("drawn")
    entry = SlideEntry("s", tmp_path / "s.tif", annotation=tmp_path / "s.xml")
    inputs = {
        "slide_fingerprint": open_slide(entry).fingerprint,
        "annotation_sha256": sha256(entry.annotation),
    }
    return entry, made(tmp_path, entry, seconds=7.0, inputs=inputs)


@pytest.mark.parametrize("name", ["s.tif", "s.xml"])
def test_a_file_that_is_another_by_its_time_alone_is_looked_into_once(of_slide, tmp_path, name):
    entry, result = of_slide
    os.utime(tmp_path / name, (1, 1))

    note_same(tmp_path, entry, result)

    noted = read_result(tmp_path, "s")
    assert noted == replace(result, seen=seen_of(entry)) != result


def test_of_an_older_result_whose_slide_lies_elsewhere_it_is_noted_what_it_is(of_slide, tmp_path):
    entry, result = of_slide
    older = replace(result, seen={})
    write_outcome(tmp_path, older)
    os.utime(tmp_path / "outcomes" / "s.json", (1, 1))

    note_same(tmp_path, entry, older)

    assert read_result(tmp_path, "s") == result


@pytest.mark.parametrize("content", [b"another slide", b""])
def test_of_a_slide_of_another_content_or_that_cannot_be_opened_nothing_is_noted(
    of_slide, tmp_path, content
):
    entry, result = of_slide
    with entry.path.open("ab" if content else "wb") as stream:
        stream.write(content)

    note_same(tmp_path, entry, result)

    assert read_result(tmp_path, "s") == result


def test_slides_that_are_what_they_were_are_not_opened(of_slide, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "is_same", None)

    note_same(tmp_path, *of_slide)


def test_an_annotation_that_was_not_there_and_is_not_now_does_not_keep_it_from_being_noted(
    of_slide, tmp_path
):
    entry, result = of_slide
    entry.annotation.unlink()
    bare = replace(result, inputs={**result.inputs, "annotation_sha256": ""}, seen=seen_of(entry))
    write_outcome(tmp_path, bare)
    os.utime(entry.path, (1, 1))

    note_same(tmp_path, entry, bare)

    assert read_result(tmp_path, "s").seen == seen_of(entry)


def test_a_result_that_took_the_place_of_this_one_is_left_alone(of_slide, tmp_path):
    _, result = of_slide
    meanwhile = replace(result, inputs={"slide_fingerprint": "another"})
    write_outcome(tmp_path, meanwhile)

    note_seen(tmp_path, result, {"slide": [1, 1]})

    assert read_result(tmp_path, "s") == meanwhile
