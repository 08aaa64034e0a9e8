from __future__ import annotations

import os
import time

import pytest

from layer1_extract.running import STALE_S, read_claims, running, sweep_claims


def claim_files(out):
    return sorted((out / "running").glob("*.json"))


def age(path, seconds):
    os.utime(path, (time.time() - seconds,) * 2)


def test_a_unit_is_claimed_for_as_long_as_it_is_worked_on(tmp_path):
    with running(tmp_path, "s.part-1-of-2"):
        claim = read_claims(tmp_path)["s.part-1-of-2"]
        assert (claim.pid, claim.stale) == (os.getpid(), False)

    assert read_claims(tmp_path) == {}
    assert claim_files(tmp_path) == []


def test_the_claim_goes_when_the_work_fails(tmp_path):
    with pytest.raises(ZeroDivisionError), running(tmp_path, "s"):
        raise ZeroDivisionError

    assert claim_files(tmp_path) == []


def test_the_claim_says_how_far_the_work_is(tmp_path):
    with running(tmp_path, "s", every=0.01) as report:
        report(120, 0.25)
        while read_claims(tmp_path)["s"].kept == 0:
            time.sleep(0.01)
        said = str(read_claims(tmp_path)["s"])

    assert said.startswith("25%, 120 patches, host ")


def test_what_a_killed_process_left_is_stale_and_goes_with_the_next_attempt(tmp_path):
    with running(tmp_path, "s"):
        (left,) = claim_files(tmp_path)
        kept = left.read_text()
    left.write_text(kept)
    age(left, STALE_S + 1)

    assert read_claims(tmp_path)["s"].stale
    with running(tmp_path, "s"):
        assert not read_claims(tmp_path)["s"].stale
        assert not left.exists()


def test_two_processes_may_claim_the_same_unit(tmp_path):
    with running(tmp_path, "s"):
        with running(tmp_path, "s"):
            assert len(claim_files(tmp_path)) == 2
        assert list(read_claims(tmp_path)) == ["s"]


def test_a_file_that_is_no_claim_is_passed_over(tmp_path):
    (tmp_path / "running").mkdir()
    (tmp_path / "running" / "s.0.json").write_text("[]")

    assert read_claims(tmp_path) == {}


def test_a_sweep_removes_what_nobody_took_up_for_a_day(tmp_path):
    with running(tmp_path, "s"), running(tmp_path, "t"):
        left, kept = claim_files(tmp_path)
        age(left, 25 * 3600)
        age(kept, STALE_S + 1)

        sweep_claims(tmp_path)

        assert claim_files(tmp_path) == [kept]


def test_a_node_whose_clock_is_a_day_ahead_takes_no_live_process_for_stopped(tmp_path, monkeypatch):
    with running(tmp_path, "s"):
        now = time.time()
        monkeypatch.setattr(time, "time", lambda: now + 2 * 24 * 3600)

        assert not read_claims(tmp_path)["s"].stale
        sweep_claims(tmp_path)
        with running(tmp_path, "s"):
            assert len(claim_files(tmp_path)) == 2


def test_a_node_whose_clock_is_a_day_behind_takes_no_dead_process_for_alive(tmp_path, monkeypatch):
    with running(tmp_path, "s"):
        (left,) = claim_files(tmp_path)
        kept = left.read_text()
    left.write_text(kept)
    age(left, STALE_S + 60)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now - 24 * 3600)

    assert read_claims(tmp_path)["s"].stale
