from __future__ import annotations

import csv
import os
import time

import pytest

from common.cohort import SlideEntry, write_cohort
from common.errors import ConfigError
from common.outcomes import Outcome, write_outcome
from layer1_extract.cohort_record import record_cohort
from layer1_extract.extraction import patch_path
from layer1_extract.running import STALE_S, running
from layer1_extract.status import TABLE, cohort_ids, states_of, status


def entries(tmp_path, names):
    return [SlideEntry(name, tmp_path / f"{name}.tif") for name in names]


def done(out, name, *, part=0, parts=1, **counts):
    outcome = Outcome(name, "done", counts=counts, seconds=2.0, part=part, parts=parts)
    write_outcome(out, outcome)
    path = patch_path(out, outcome.name)
    path.parent.mkdir(exist_ok=True)
    path.write_text("")


def state(out, name):
    return {one.name: one.state for one in states_of(out, [name])}


def test_every_slide_is_in_one_state_and_all_are_counted(tmp_path):
    record_cohort(tmp_path, entries(tmp_path, "abcd"))
    done(tmp_path, "a", kept=6, tumor=2, normal=4, rejected=3)
    done(tmp_path, "b", kept=4, normal=4, rejected=1)
    write_outcome(tmp_path, Outcome("c", "failed", "c.tif: broken", exit_status=3))

    said = status(tmp_path)

    assert said.exit_status == 0
    assert said.text.splitlines() == [
        "4 slides and parts: 2 done, 0 empty, 1 failed, 0 out of reach, 0 running, 0 stopped, "
        "1 missing",
        "10 patches kept (2 tumor, 8 normal), 4 rejected; 2 patches/s in each process",
        "  failed c: c.tif: broken",
        "  missing d",
    ]
    assert said.data["states"]["done"] == 2
    rows = csv.DictReader((tmp_path / TABLE).read_text().splitlines())
    assert [(row["slide_id"], row["status"]) for row in rows] == [
        ("a", "done"),
        ("b", "done"),
        ("c", "failed"),
    ]


def test_a_slide_out_of_reach_is_told_with_the_host_that_tried(tmp_path):
    record_cohort(tmp_path, entries(tmp_path, "a"))
    away = Outcome("a", "failed", "a.tif: bytes: no such file", exit_status=3, out_of_reach="n7")
    write_outcome(tmp_path, away)

    said = status(tmp_path)

    assert (said.data["states"]["out_of_reach"], said.data["states"]["failed"]) == (1, 0)
    assert said.text.splitlines()[-1] == "  out of reach a: host n7: a.tif: bytes: no such file"


def test_a_unit_at_work_is_running_and_stopped_when_nothing_is_heard_of_it(tmp_path):
    record_cohort(tmp_path, entries(tmp_path, "a"))

    with running(tmp_path, "a"):
        assert state(tmp_path, "a") == {"a": "running"}
        assert "running a: 0%, 0 patches, host " in status(tmp_path).text
        (claim,) = (tmp_path / "running").glob("*.json")
        os.utime(claim, (time.time() - STALE_S - 1,) * 2)
        assert state(tmp_path, "a") == {"a": "stopped"}

    assert state(tmp_path, "a") == {"a": "missing"}


def test_a_failure_is_tried_again_until_it_is_written_anew(tmp_path):
    write_outcome(tmp_path, Outcome("a", "failed", "why", exit_status=3))
    os.utime(tmp_path / "outcomes" / "a.json", (time.time() - 60,) * 2)

    with running(tmp_path, "a"):
        assert state(tmp_path, "a") == {"a": "running"}
        done(tmp_path, "a", kept=1)
        os.utime(tmp_path / "outcomes" / "a.json", (time.time() + 60,) * 2)
        assert state(tmp_path, "a") == {"a": "done"}


def test_what_is_done_stays_done_when_another_task_was_killed_at_it(tmp_path):
    with running(tmp_path, "a"):
        done(tmp_path, "a", kept=1)
        os.utime(tmp_path / "outcomes" / "a.json", (time.time() - 2 * STALE_S,) * 2)
        (claim,) = (tmp_path / "running").glob("*.json")
        os.utime(claim, (time.time() - STALE_S - 1,) * 2)

        assert state(tmp_path, "a") == {"a": "done"}


def test_an_outcome_without_its_patch_file_is_nothing(tmp_path):
    write_outcome(tmp_path, Outcome("a", "done"))

    assert state(tmp_path, "a") == {"a": "missing"}


def test_a_slide_that_is_cut_is_told_part_by_part_until_it_is_joined(tmp_path):
    done(tmp_path, "a", part=1, parts=3, kept=1)

    assert list(state(tmp_path, "a").values()) == ["missing", "done", "missing"]
    assert list(state(tmp_path, "b")) == [f"b.part-{part}-of-3" for part in range(3)]

    done(tmp_path, "a", kept=1)
    assert state(tmp_path, "a") == {"a": "done"}


def test_slides_in_no_recorded_cohort_are_told_of_too(tmp_path):
    record_cohort(tmp_path, entries(tmp_path, "a"))
    write_outcome(tmp_path, Outcome("b", "failed", "b.tif: broken", exit_status=3))

    with running(tmp_path, "c"):
        states = states_of(tmp_path, cohort_ids(tmp_path, None))

    assert [(one.name, one.state) for one in states] == [
        ("a", "missing"),
        ("b", "failed"),
        ("c", "running"),
    ]


def test_the_cohort_is_the_one_given_else_the_one_recorded(tmp_path):
    with pytest.raises(ConfigError, match="expected the slides or outcomes"):
        cohort_ids(tmp_path, None)
    record_cohort(tmp_path, entries(tmp_path, "a"))
    write_cohort(entries(tmp_path, "cb"), tmp_path / "other.csv")

    assert cohort_ids(tmp_path, None) == ["a"]
    assert cohort_ids(tmp_path, tmp_path / "other.csv") == ["b", "c"]


def test_a_folder_that_one_may_only_read_is_told_of_too(tmp_path, caplog):
    done(tmp_path, "a", kept=6)
    (tmp_path / TABLE).mkdir()  # nobody can write a file of this name

    said = status(tmp_path)

    assert (said.exit_status, said.data["states"]["done"]) == (0, 1)
    assert f"{tmp_path / TABLE}: expected a file that can be written" in caplog.text
