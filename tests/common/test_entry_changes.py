from __future__ import annotations

import os
from dataclasses import replace

import pytest

from common.cohort import SlideEntry
from common.entry_changes import entry_changes
from common.files import sha256, spread_hash
from common.slide_changes import seen_of


@pytest.fixture
def outcome(tmp_path):
    path = tmp_path / "a.json"
    path.touch()
    return path


@pytest.fixture
def entry(tmp_path):
    return SlideEntry("a", tmp_path / "a.tif", patient="p", split="test", mpp=0.25)


INPUTS = {"patient": "p", "split": "test", "slide_label": "", "annotation_sha256": ""}


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({}, []),
        ({"patient": "q", "slide_label": "positive"}, ["patient", "slide_label"]),
        ({"mpp": 0.5}, ["mpp"]),
        ({"mpp": None, "fallback_mpp": 0.5}, []),
        ({"centre": "of which the result knows nothing"}, []),
    ],
)
def test_what_is_said_otherwise_is_named(change, names, entry, outcome):
    assert entry_changes(replace(entry, **change), INPUTS, 0.25, outcome) == names


def test_an_annotation_that_came_or_went_is_another(entry, outcome, tmp_path):
    drawn = replace(entry, annotation=tmp_path / "a.xml")

    assert entry_changes(drawn, INPUTS, None, outcome) == ["annotation"]
    assert entry_changes(entry, {"annotation_sha256": "12ab"}, None, outcome) == ["annotation"]


@pytest.mark.parametrize(
    ("newer", "other", "names"), [(1, 1, ["annotation"]), (1, 0, []), (0, 1, [])]
)
def test_an_annotation_is_read_where_it_came_later(newer, other, names, entry, outcome, tmp_path):
    path = tmp_path / "a.xml"
    path.write_text("one")
    inputs = {"annotation_sha256": sha256(path)}
    path.write_text("another" if other else "one")
    os.utime(path, (1, 1))  # as a copy that keeps the time of modification
    os.utime(outcome, (1, 1) if newer else (2**31, 2**31))

    assert entry_changes(replace(entry, annotation=path), inputs, None, outcome) == names


def test_an_older_annotation_in_another_place_is_told_where_it_was_noted_what_was_there(
    entry, outcome, tmp_path
):
    first, second = tmp_path / "a.xml", tmp_path / "b.xml"
    first.write_text("one")
    second.write_text("two")
    os.utime(second, (1, 1))
    os.utime(outcome, (2**31, 2**31))
    inputs = {"annotation_sha256": sha256(first)}
    seen = seen_of(replace(entry, annotation=first))

    def said(path):
        return entry_changes(replace(entry, annotation=path), inputs, None, outcome, seen)

    assert (said(first), said(second)) == ([], ["annotation"])


def test_another_slide_file_is_named(entry, outcome):
    entry.path.write_bytes(b"one")
    seen, inputs = seen_of(entry), {"slide_fingerprint": spread_hash(entry.path)}
    before = entry_changes(entry, inputs, None, outcome, seen)
    entry.path.write_bytes(b"another")

    assert (before, entry_changes(entry, inputs, None, outcome, seen)) == ([], ["slide"])


def test_an_annotation_out_of_reach_is_no_other(entry, outcome, tmp_path):
    drawn = replace(entry, annotation=tmp_path / "gone.xml")

    assert entry_changes(drawn, {"annotation_sha256": "12ab"}, None, outcome) == []
