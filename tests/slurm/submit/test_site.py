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


def test_a_folder_that_takes_no_other_is_not_said_to_be_in_use(login):
    body = """[[ "$*" != *submitting ]] || { echo 'mkdir: Disk quota exceeded' >&2; exit 1; }
exec /bin/mkdir "$@\""""
    fake(login.folder / "bin", "mkdir", body)

    done, calls = login.submit()

    assert (done.returncode, calls) == (2, [])
    assert done.stderr == (
        f"mkdir: Disk quota exceeded\nerror: {login.out}/logs: expected a folder to write into\n"
    )


def test_a_file_where_the_logs_should_be_is_found(login):
    login.finish("logs")

    done, calls = login.submit()

    assert (done.returncode, calls) == (2, [])
    assert "my out/logs: expected a folder to write into" in done.stderr


def test_a_slurm_that_does_not_answer_is_told(login):
    fake(login.folder / "bin", "scontrol", "echo 'Unable to contact slurm controller' >&2; exit 1")

    done, calls = login.submit()

    assert (done.returncode, calls) == (2, [])
    assert "error: scontrol show config does not answer" in done.stderr


@pytest.mark.parametrize("name", ["SBATCH_CLUSTERS", "SLURM_CLUSTERS"])
def test_another_cluster_than_the_one_whose_queue_is_asked_is_refused(login, name):
    done, calls = login.submit(**{name: "far"})

    assert (done.returncode, calls) == (2, [])
    assert f"{name} is far: expected nothing" in done.stderr
