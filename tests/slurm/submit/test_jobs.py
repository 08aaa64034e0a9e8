"""What submit.sh hands to sbatch, and makes of its answer."""

from __future__ import annotations

import shlex
import signal

import pytest
from fake_programs import fake


def test_a_job_that_sbatch_refuses_ends_it_and_what_was_submitted_is_told(login):
    (login.folder / "refused").write_text("layer2_train.sbatch")

    done, calls = login.submit()

    assert done.returncode == 1
    assert len(calls) == 3
    assert done.stderr.splitlines() == [
        "sbatch: error: Batch job submission failed: Invalid qos",
        "error: sbatch refused the job train, as it says above",
        "Already submitted, and going on: 101 102. Mend it and give the same line again, which "
        "submits the rest; or give up: scancel 101 102",
    ]
    login.queue("101 RUNNING\n102 PENDING\n")
    (login.folder / "refused").write_text("nothing")
    _, again = login.submit()
    assert [call.split()[2] for call in again] == [
        f"--job-name=camnet-{stage}" for stage in ("train", "heatmap", "report")
    ]
    assert "--dependency=afterok:102" in again[0]


def test_a_job_whose_number_cannot_be_read_is_told(login):
    fake(login.folder / "bin", "sbatch", "echo 'sbatch: Job held by a filter'")

    done, _ = login.submit()

    assert done.returncode == 1
    assert done.stderr == (
        "error: sbatch may have taken the job extract, but named no number: sbatch: Job held by a "
        "filter. Look for it with squeue --name=camnet-extract, and scancel it\n"
    )


def test_what_a_site_has_sbatch_say_beside_the_number_is_passed_over(login):
    fake(login.folder / "bin", "sbatch", "echo 'Account 12: 7 hours left'; echo '55;here'; echo")

    done, _ = login.submit()

    assert (done.returncode, done.stderr) == (0, "")
    assert "merge: submitted, job 55, after afterany 55" in done.stdout


def test_percent_signs_in_a_folder_are_no_pattern_of_sbatch(login):
    login.out = login.folder / "100%j"

    _, calls = login.submit()

    assert "--output=HERE/100%%j/logs/merge-%j.log" in calls[1]
    assert calls[1].endswith(
        "HERE/100%j/layer1 --join --cohort HERE/100%j/logs/cohort-DIGEST.csv --max-failed 0.1"
    )


@pytest.mark.parametrize("name", ["HUP", "INT", "TERM"])
def test_a_job_is_known_to_the_next_even_if_this_was_told_to_stop_while_it_was_submitted(
    login, name
):
    """Ctrl-C and a lost connection tell sbatch, too."""
    fake(login.folder / "bin", "sbatch", f"kill -{name} $PPID $$; sleep 0.1; echo 101")

    done, _ = login.submit()

    assert done.returncode == -getattr(signal, f"SIG{name}")
    assert "told to stop. Already submitted, and going on: 101. Give the same" in done.stderr
    assert not (login.out / "logs" / "submitting").exists()
    login.queue("101 PENDING\n")
    again, _ = login.submit()
    assert "extract: in the queue, job 101" in again.stdout


def test_a_number_that_cannot_be_written_down_is_told(login):
    jobs = shlex.quote(f"{login.out}/logs/jobs")
    fake(login.folder / "bin", "sbatch", f"mkdir {jobs}; echo 101")

    done, _ = login.submit()

    assert done.returncode == 1
    assert "logs/jobs: expected a file to write to" in done.stderr
    assert "submit the job extract again. First: scancel 101" in done.stderr
