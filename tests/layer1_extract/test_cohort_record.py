from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from common.cohort import SlideEntry, read_cohort
from common.errors import ConfigError
from common.outcomes import Outcome, write_outcome
from layer1_extract.cohort_record import (
    NAME,
    blocks_of,
    record_cohort,
    recorded_cohort,
    refuse_other_blocks,
    set_aside_other_blocks,
)
from layer1_extract.extraction import patch_path


@pytest.fixture
def entries(tmp_path):
    return [SlideEntry(name, tmp_path / f"{name}.tif", patient=f"p {name}") for name in "ab"]


def touch(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")


def test_what_is_recorded_is_read_back_and_is_a_cohort(tmp_path, entries):
    record_cohort(tmp_path, entries)

    assert recorded_cohort(tmp_path) == entries
    assert read_cohort(tmp_path / NAME) == entries
    assert recorded_cohort(tmp_path / "elsewhere") == []


def test_a_slide_stays_until_a_person_takes_it_out(tmp_path, entries):
    record_cohort(tmp_path, entries[1:])
    record_cohort(tmp_path, [replace(entries[0], mpp=0.5)])
    record_cohort(tmp_path, entries[:1])

    assert recorded_cohort(tmp_path) == entries


def test_the_same_cohort_is_not_written_twice(tmp_path, entries):
    record_cohort(tmp_path, entries)
    before = (tmp_path / NAME).stat().st_mtime_ns

    record_cohort(tmp_path, [replace(entry, fallback_mpp=0.25) for entry in entries])

    assert (tmp_path / NAME).stat().st_mtime_ns == before


def test_many_tasks_may_record_it_at_once(tmp_path, entries):
    tasks = [threading.Thread(target=record_cohort, args=(tmp_path, entries)) for _ in range(8)]
    for task in tasks:
        task.start()
    for task in tasks:
        task.join()

    assert recorded_cohort(tmp_path) == entries


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
