"""When a stage is finished, and what it is given."""

from __future__ import annotations

import os

from fake_programs import recorded


def test_finished_stages_are_skipped(login):
    login.left("layer1_extract", places=[])
    login.finish("layer1/outcomes/s0.json", "layer1/slides.png", "layer2/bundle/bundle.json")
    login.left("layer3_infer", places=[4])

    done, calls = login.submit()

    assert done.returncode == 0, done.stderr
    assert [call.split()[2] for call in calls] == [
        "--job-name=camnet-heatmap",
        "--job-name=camnet-report",
    ]
    assert "afterok" not in calls[0]
    assert "--dependency=afterany:101" in calls[1]
    for stage in ("extract", "merge", "train"):
        assert f"{stage}: finished" in done.stdout
    asked = recorded(login.asked)[-1]
    assert "--model" in asked  # results are held against the model that is there


def test_a_merge_that_is_older_than_a_slide_is_done_again(login):
    login.left("layer1_extract", places=[])
    login.finish("layer1/slides.png", "layer2/bundle/bundle.json")
    os.utime(login.out / "layer1" / "slides.png", (1, 1))
    login.finish("layer1/outcomes/s0.json")

    _, calls = login.submit()

    assert calls[0].split()[2] == "--job-name=camnet-merge"
    assert "--dependency" not in calls[0]


def test_a_cohort_of_which_nothing_is_known_is_compared_with_nothing(login):
    login.left("layer3_infer", label="")

    _, calls = login.submit()

    assert calls[-1].endswith("'HERE/my out/layer3' --model 'HERE/my out/layer2/bundle'")
