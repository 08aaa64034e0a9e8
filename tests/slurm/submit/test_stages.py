"""When a stage is finished, and what it is given."""

from __future__ import annotations

import os

import pytest
from fake_programs import recorded


def test_finished_stages_are_skipped(login):
    login.submit()
    login.left("layer1_extract", places=[])
    login.finish("layer1/outcomes/s0.json", "layer2/bundle/bundle.json")
    login.end_well("merge")
    login.left("layer3_infer", places=[4])

    done, calls = login.submit()

    assert done.returncode == 0, done.stderr
    assert [call.split()[2] for call in calls] == [
        "--job-name=camnet-heatmap",
        "--job-name=camnet-report",
    ]
    assert "afterok" not in calls[0]
    assert "--dependency=afterany:106" in calls[1]
    for stage in ("extract", "merge", "train"):
        assert f"{stage}: finished" in done.stdout
    asked = recorded(login.asked)[-1]
    assert "--model" in asked  # results are held against the model that is there


def test_a_merge_that_is_older_than_a_slide_is_done_again(login):
    login.submit()
    login.left("layer1_extract", places=[])
    login.finish("layer2/bundle/bundle.json")
    login.end_well("merge")
    os.utime(login.out / "layer1" / ".finished", (1, 1))
    login.finish("layer1/outcomes/s0.json")

    _, calls = login.submit()

    assert calls[0].split()[2] == "--job-name=camnet-merge"
    assert "--dependency" not in calls[0]


@pytest.mark.parametrize(
    ("ended_well", "words"),
    [
        pytest.param(False, (), id="failed, or by hand"),
        pytest.param(True, ("--max-failed", "0.5"), id="told otherwise"),
    ],
)
def test_nothing_is_trained_past_a_merge_that_is_not_known_to_have_ended_well(
    login, ended_well, words
):
    """It writes a contact sheet also where it fails, or where a person gives it other words."""
    login.submit(*words)
    if ended_well:
        login.finish("layer1/outcomes/s0.json")
        login.end_well("merge")
    login.left("layer1_extract", places=[])
    login.finish("layer1/outcomes/s0.json", "layer1/slides.png")

    done, calls = login.submit()

    assert done.returncode == 0, done.stderr
    assert [call.split()[2] for call in calls[:2]] == [
        "--job-name=camnet-merge",
        "--job-name=camnet-train",
    ]
    assert "--dependency=afterok:106" in calls[1]


def test_a_cohort_of_which_nothing_is_known_is_compared_with_nothing(login):
    login.left("layer3_infer", label="")

    _, calls = login.submit()

    assert calls[-1].endswith(
        "--cohort 'HERE/my out/logs/cohort-DIGEST.csv' --max-failed 0.1 "
        "--model 'HERE/my out/layer2/bundle'"
    )


def all_finished(login):
    login.submit()
    for layer in ("layer1_extract", "layer3_infer"):
        login.left(layer, places=[])
    login.finish("layer1/outcomes/s0.json", "layer2/bundle/bundle.json")
    login.finish("layer3/outcomes/s0.json", "layer3/report.html", "layer3/evaluation.json")
    login.end_well("merge", "report")


def test_a_report_that_was_asked_for_otherwise_is_written_anew(login):
    all_finished(login)

    same, none = login.submit()
    done, calls = login.submit("--held-out")

    assert (same.returncode, none) == (0, [])
    assert done.returncode == 0, done.stderr
    assert [call.split()[2] for call in calls] == ["--job-name=camnet-report"]
    assert calls[0].endswith("--held-out")


def test_a_report_whose_job_never_ran_is_not_finished(login):
    """Pages that an earlier one wrote are there."""
    all_finished(login)
    login.submit("--held-out")

    _, calls = login.submit("--held-out")

    assert [call.split()[2] for call in calls] == ["--job-name=camnet-report"]


@pytest.mark.parametrize("old", [True, False])
def test_a_report_without_a_comparison_of_these_heatmaps_is_not_finished(login, old):
    all_finished(login)
    evaluation = login.out / "layer3" / "evaluation.json"
    if old:
        os.utime(evaluation, (1, 1))
    else:
        evaluation.unlink()

    _, calls = login.submit()

    assert [call.split()[2] for call in calls] == ["--job-name=camnet-report"]


def test_where_nothing_is_known_a_report_is_finished_without_a_comparison(login):
    login.left("layer3_infer", label="")
    all_finished(login)
    login.left("layer3_infer", places=[], label="")
    (login.out / "layer3" / "evaluation.json").unlink()

    done, calls = login.submit()

    assert calls == []
    assert "report: finished" in done.stdout
