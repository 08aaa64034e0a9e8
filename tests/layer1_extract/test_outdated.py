from __future__ import annotations

import os
from dataclasses import replace

import pytest

from common.cohort import SlideEntry
from common.files import sha256, spread_hash
from common.outcomes import Outcome, forget, outcome_path, read_outcome, write_outcome
from common.slide_changes import seen_of
from layer1_extract.outdated import outdated


@pytest.fixture
def entry(tmp_path):
    """A slide with its annotation."""
    found = SlideEntry("a", tmp_path / "a.tif", patient="p1", annotation=tmp_path / "a.xml")
    for path in found.files:
        path.write_text("one")
    return found


@pytest.fixture
def outcome(entry, tmp_path):
    inputs = {
        "slide_fingerprint": spread_hash(entry.path),
        "annotation_sha256": sha256(entry.annotation),
        "patient": "p1",
        "slide_label": "",
    }
    found = Outcome("a", "done", inputs=inputs, seen=seen_of(entry), seconds=2.5)
    write_outcome(tmp_path, found)
    return found


def lines(out, outcome, *said):
    return outdated(out, [outcome], {"a": said})


def test_what_slide_and_cohort_still_say_is_not_named_nor_what_nothing_is_said_of(
    entry, outcome, tmp_path
):
    assert lines(tmp_path, outcome, entry) == lines(tmp_path, outcome) == []
    assert outdated(tmp_path, [outcome], {}) == []


@pytest.mark.parametrize("role", ["path", "annotation"])
def test_a_file_that_was_replaced_is_named(role, entry, outcome, tmp_path):
    getattr(entry, role).write_text("another")

    named = {"path": "slide", "annotation": "annotation"}[role]
    assert lines(tmp_path, outcome, entry, entry) == [f"a is of another {named} than now"]


def test_all_that_is_otherwise_is_named(entry, outcome, tmp_path):
    other = replace(entry, patient="p2", slide_label="macro")

    assert lines(tmp_path, outcome, other) == ["a is of another patient and slide_label than now"]


def test_what_any_run_was_told_of_it_is_right_whichever_was_the_latest(entry, outcome, tmp_path):
    wrong = [replace(entry, patient=f"p{number}") for number in (2, 3)]

    assert lines(tmp_path, outcome, *wrong, entry) == []
    assert lines(tmp_path, outcome, *wrong) == ["a is of another patient than now"]


def test_what_was_said_of_files_that_are_gone_speaks_for_nothing(entry, outcome, tmp_path):
    now = replace(entry, path=tmp_path / "now.tif")
    now.path.write_text("another")
    entry.path.unlink()

    assert lines(tmp_path, outcome, now, entry) == ["a is of another slide than now"]


def test_labels_that_are_gone_are_told_with_what_to_do(entry, outcome, tmp_path):
    (said,) = lines(tmp_path, outcome, replace(entry, annotation=None))

    record = outcome_path(tmp_path, "a")
    assert said.startswith("a is of another annotation than now: its annotation is gone. Bring it")
    assert f"to do the slide without it, remove {record}, or give --overwrite" in said


@pytest.mark.parametrize("older", [False, True])
def test_a_slide_that_was_touched_is_noted_and_not_read_again(older, entry, outcome, tmp_path):
    outcome = replace(outcome, seen={} if older else outcome.seen)
    write_outcome(tmp_path, outcome)
    os.utime(entry.path, (2**31, 2**31))

    assert lines(tmp_path, outcome, entry) == []

    assert read_outcome(tmp_path, "a") == replace(outcome, seen=seen_of(entry))


def test_what_is_done_anew_meanwhile_is_not_noted(entry, outcome, tmp_path):
    os.utime(entry.path, (2**31, 2**31))
    forget(tmp_path, "a")

    assert lines(tmp_path, outcome, entry) == []

    assert read_outcome(tmp_path, "a") is None


@pytest.mark.parametrize("gone", [False, True])
def test_what_was_not_read_is_not_noted(gone, entry, outcome, tmp_path):
    if gone:
        entry.path.unlink()
    outcome = replace(outcome, seen={})
    write_outcome(tmp_path, outcome)
    os.utime(outcome_path(tmp_path, "a"), (2**31, 2**31))

    assert lines(tmp_path, outcome, entry) == []

    assert read_outcome(tmp_path, "a") == outcome
