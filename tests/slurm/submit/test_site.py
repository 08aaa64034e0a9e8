"""What submit.sh wants to be there before it submits anything."""

from __future__ import annotations

import shlex
import subprocess

import pytest
from fake_programs import fake


def test_two_at_once_would_submit_everything_twice(login):
    guard = login.out / "logs" / "submitting"
    guard.mkdir(parents=True)
    (guard / "who").write_text("anna on login2, process 7, since 2024-01-01 10:00:00\n")

    done, calls = login.submit()

    assert (done.returncode, calls) == (2, [])
    assert "at work on" in done.stderr
    assert "anna on login2, process 7, since 2024" in done.stderr
    advice = shlex.split(done.stderr.rpartition("where it died: ")[2])
    subprocess.run(advice, check=True)
    assert login.submit()[0].returncode == 0
    assert not guard.exists()


def test_a_cluster_without_array_jobs_is_told(login):
    fake(login.folder / "bin", "scontrol", "echo 'MaxArraySize            = 0'")

    done, calls = login.submit()

    assert (done.returncode, calls) == (2, [])
    assert "MaxArraySize is 0: this cluster takes no array jobs" in done.stderr


def test_a_cohort_that_cannot_be_read_submits_nothing(login):
    login.cohort.unlink()

    assert login.submit()[0].returncode == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--train-config", "no.yaml"), "no.yaml: expected something to read"),
        (("--images", "bin"), "layer1_extract.sif: not found. make sif"),
        (("--max-tasks", "4"), "--max-tasks: expected at least 5 jobs, found 4"),
    ],
)
def test_what_is_not_there_is_found_before_anything_is_submitted(login, words, message):
    done, calls = login.submit(*words)

    assert (done.returncode, calls) == (2, [])
    assert message in done.stderr
