from __future__ import annotations

import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from clocks import tick

from common.cohort import SlideEntry, read_cohort, write_cohort
from common.errors import ConfigError
from common.outcomes import Outcome, write_outcome
from layer1_extract.cohort_record import (
    FOLDER,
    blocks_of,
    known_ids,
    only_failures,
    record_cohort,
    recorded_cohort,
    recorded_entries,
    refuse_other_blocks,
    set_aside_other_blocks,
)
from layer1_extract.extraction import patch_path
from layer1_extract.running import running


@pytest.fixture
def entries(tmp_path):
    return [SlideEntry(name, tmp_path / f"{name}.tif", patient=f"p {name}") for name in "ab"]


def touch(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")


def test_what_is_recorded_is_read_back_and_is_a_cohort(tmp_path, entries):
    record_cohort(tmp_path, entries)

    assert recorded_cohort(tmp_path) == entries
    (path,) = (tmp_path / FOLDER).iterdir()
    assert read_cohort(path) == entries
    assert recorded_cohort(tmp_path / "elsewhere") == []


def test_a_slide_stays_and_is_as_it_was_last_written(tmp_path, entries):
    for given in (entries[1:], [replace(entries[0], mpp=0.5)], entries[:1]):
        record_cohort(tmp_path, given)
        tick(tmp_path)

    assert recorded_cohort(tmp_path) == entries


def test_what_clocks_cannot_tell_apart_is_read_the_same_everywhere(tmp_path, entries, monkeypatch):
    for number in range(6):
        record_cohort(tmp_path, [replace(entries[0], mpp=1 + number)])
    paths = sorted((tmp_path / FOLDER).iterdir())
    for path in paths:
        os.utime(path, (1, 1))
    found = recorded_cohort(tmp_path)

    monkeypatch.setattr(Path, "glob", lambda *_: reversed(paths))

    assert recorded_cohort(tmp_path) == found


def test_the_same_cohort_is_not_written_twice(tmp_path, entries):
    record_cohort(tmp_path, entries)
    (path,) = (tmp_path / FOLDER).iterdir()
    before = path.stat().st_ino

    record_cohort(tmp_path, [replace(entry, fallback_mpp=0.25) for entry in reversed(entries)])

    (path,) = (tmp_path / FOLDER).iterdir()
    assert path.stat().st_ino == before


def test_who_goes_back_to_what_was_said_before_has_said_it_last(tmp_path, entries):
    record_cohort(tmp_path, entries)
    tick(tmp_path)
    record_cohort(tmp_path, [replace(entry, mpp=0.5) for entry in entries])
    tick(tmp_path)
    record_cohort(tmp_path, entries)

    assert recorded_cohort(tmp_path) == entries


@pytest.mark.parametrize("shared", [True, False])
def test_many_tasks_may_record_theirs_at_once(tmp_path, shared):
    entries = [SlideEntry(f"s{row:02}", tmp_path / f"{row}.tif") for row in range(32)]
    together = threading.Barrier(len(entries))

    def record(entry):
        together.wait()
        record_cohort(tmp_path, entries if shared else [entry])

    tasks = [threading.Thread(target=record, args=(entry,)) for entry in entries]
    for task in tasks:
        task.start()
    for task in tasks:
        task.join()

    assert recorded_cohort(tmp_path) == entries


def test_the_slides_an_older_version_recorded_are_known(tmp_path, entries):
    write_cohort([entries[0], replace(entries[1], mpp=0.5)], tmp_path / "cohort.csv")
    record_cohort(tmp_path, entries[1:])

    assert recorded_cohort(tmp_path) == entries


def test_a_slide_that_was_worked_on_is_known_though_it_was_never_recorded(tmp_path, entries):
    record_cohort(tmp_path, entries)
    write_outcome(tmp_path, Outcome("failed", "failed", "why", exit_status=3))
    write_outcome(tmp_path, Outcome("cut", "done", part=1, parts=2))

    with running(tmp_path, "begun"):
        assert known_ids(tmp_path) == {"a", "b", "failed", "cut", "begun"}


def test_only_failures_means_no_patch_file_and_no_slide_at_work_either(tmp_path):
    assert not only_failures(tmp_path)
    write_outcome(tmp_path, Outcome("a", "failed", "why", exit_status=3))
    assert only_failures(tmp_path)

    with running(tmp_path, "b"):
        assert not only_failures(tmp_path)
    touch(patch_path(tmp_path, "b"))
    assert not only_failures(tmp_path)


def test_slides_cut_into_another_number_of_parts_are_refused_or_set_aside(tmp_path):
    touch(patch_path(tmp_path, "a.part-1-of-3"))
    write_outcome(tmp_path, Outcome("a", "done", part=1, parts=3))
    touch(patch_path(tmp_path, "b"))

    assert blocks_of(tmp_path) == 3
    refuse_other_blocks(tmp_path, 3)
    for blocks in (1, 2):
        with pytest.raises(ConfigError, match=r"a\.part-1-of-3\. Give --blocks 3"):
            refuse_other_blocks(tmp_path, blocks)

    set_aside_other_blocks(tmp_path, 2)

    refuse_other_blocks(tmp_path, 2)
    assert (tmp_path / "patches" / "set_aside" / "a.part-1-of-3.h5").exists()
    assert patch_path(tmp_path, "b").exists()


def test_all_that_was_recorded_of_a_slide_is_told_the_latest_first(tmp_path, entries):
    other = replace(entries[0], patient="another")
    for given in ([other], entries):
        record_cohort(tmp_path, given)
        tick(tmp_path)

    assert recorded_entries(tmp_path) == {"a": [entries[0], other], "b": [entries[1]]}
