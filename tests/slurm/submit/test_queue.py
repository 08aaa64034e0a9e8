"""What submit.sh makes of the jobs in the queue."""

from __future__ import annotations

import pytest
from fake_programs import fake, recording


def test_what_is_in_the_queue_is_not_submitted_twice(login):
    login.submit()
    login.queue("101 RUNNING\n101 PENDING\n102 PENDING\n103 PENDING\n104 PENDING\n105 PENDING\n")

    done, calls = login.submit()

    assert (done.returncode, calls) == (0, [])
    assert "heatmap: in the queue, job 104" in done.stdout


def test_a_job_that_waits_for_what_is_submitted_anew_is_replaced(login):
    login.submit()
    login.left("layer1_extract", places=[5])
    login.queue("102 PENDING\n103 PENDING\n")

    done, calls = login.submit()

    assert done.returncode == 0, done.stderr
    assert [call for call in calls if "scancel" in call] == ["scancel 102", "scancel 103"]
    assert "--dependency=afterany:106" in calls[2]
    assert "--dependency=afterok:107" in calls[4]


def test_nothing_is_changed_under_a_job_at_work(login):
    login.submit()
    login.left("layer1_extract", places=[5])
    login.queue("103 RUNNING\n")

    done, calls = login.submit()

    assert (done.returncode, calls) == (2, [])
    assert "train: job 103 is at work on what extract is about to change" in done.stderr


def test_the_queue_is_asked_for_jobs_of_every_user(login):
    login.submit()

    names = ",".join(f"camnet-{one}" for one in ("extract", "merge", "train", "heatmap", "report"))
    assert (login.folder / "squeue").read_text() == f"--noheader --name={names} --format=%F %T %r\n"


def test_a_job_that_ended_before_it_could_be_cancelled_is_replaced_all_the_same(login):
    login.submit()
    login.left("layer1_extract", places=[5])
    login.queue("102 PENDING\n")
    ended = f"> {login.folder}/queue; exit 1"
    recording(login.folder / "bin", "scancel", login.record, ended)

    done, calls = login.submit()

    assert done.returncode == 0, done.stderr
    assert [call.split()[2] for call in calls if "sbatch" in call] == [
        f"--job-name=camnet-{stage}" for stage in ("extract", "merge", "train", "heatmap", "report")
    ]


@pytest.mark.parametrize("what", ["cohort", "configuration", "images"])
def test_what_is_in_the_queue_must_be_of_the_same_cohort_and_configuration(login, what):
    config = login.folder / "e.yaml"
    config.write_text("seed: 1\n")
    login.submit("--extract-config", "e.yaml")
    login.queue("101 PENDING\n")
    same, _ = login.submit("--extract-config", "e.yaml")
    words = []
    if what == "cohort":
        text = (login.folder / "layer1_extract").read_text()
        (login.folder / "layer1_extract").write_text(text.replace("DIGEST", "OTHER"))
    elif what == "configuration":
        config.write_text("seed: 2\n")
    else:
        words = ["--images", str(login.images())]

    done, calls = login.submit("--extract-config", "e.yaml", *words)

    assert "extract: in the queue, job 101" in same.stdout
    assert (done.returncode, calls) == (2, [])
    assert "extract: job 101 in the queue was given other slides" in done.stderr
    assert "scancel 101" in done.stderr


@pytest.mark.parametrize("reason", ["JobHeldUser", "launch failed requeued held"])
def test_a_job_that_is_held_is_told_with_what_lets_it_go(login, reason):
    login.submit()
    login.queue(f"101 RUNNING None\n101 PENDING {reason}\n102 PENDING Dependency\n103 PENDING\n")

    done, _ = login.submit()

    assert f"extract: job 101 is held ({reason}) and starts no more by itself" in done.stdout
    assert "scontrol release 101\n" in done.stdout
    assert "merge: in the queue, job 102\n" in done.stdout
    assert done.stdout.count(" is held ") == 1


def test_an_image_that_was_replaced_is_another(login):
    image = login.images() / "layer2_train.sif"
    login.submit("--images", "sif")
    login.queue("103 PENDING\n")
    login.left("layer1_extract", places=[])
    login.finish("layer1/outcomes/s0.json")
    login.end_well("merge")
    same, _ = login.submit("--images", "sif")
    image.write_text("newer")

    done, calls = login.submit("--images", "sif")

    assert "train: in the queue, job 103" in same.stdout
    assert (done.returncode, calls) == (2, [])
    assert "train: job 103 in the queue was given other slides" in done.stderr


def test_a_job_that_cannot_be_cancelled_gets_none_beside_it(login):
    """It is another user's, say."""
    login.submit()
    login.left("layer1_extract", places=[5])
    login.queue("102 PENDING\n")
    denied = "echo 'scancel: error: Access/permission denied' >&2; exit 1"
    recording(login.folder / "bin", "scancel", login.record, denied)

    done, calls = login.submit()

    assert done.returncode == 1
    assert [call.split()[2] for call in calls if "sbatch" in call] == ["--job-name=camnet-extract"]
    assert "error: merge: job 102 cannot be cancelled" in done.stderr
    assert "Already submitted, and going on: 106." in done.stderr


def test_what_a_user_has_squeue_show_hides_no_job(login):
    fake(login.folder / "bin", "squeue", f"env > {login.folder}/environment")

    login.submit(SQUEUE_STATES="RUNNING", SQUEUE_USERS="me", SQUEUE_ALL="1")

    known = (login.folder / "environment").read_text().splitlines()
    assert [line for line in known if line.startswith("SQUEUE_")] == ["SQUEUE_ALL=1"]
