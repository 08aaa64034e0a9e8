"""What submit.sh makes of the results that are there."""

from __future__ import annotations

import os
import shlex

import pytest
from fake_programs import fake, recorded, recording


def finished_training(login):
    login.submit()
    login.asked.unlink()
    login.left("layer1_extract", places=[])
    login.finish("layer1/outcomes/s0.json", "layer1/patches/s0.h5")
    login.finish("layer2/splits.csv", "layer2/bundle/bundle.json")
    login.end_well("merge")


@pytest.mark.parametrize("about", [{"new": {"s7"}}, {"changed": {"s7"}}])
def test_a_model_that_does_not_know_slides_is_not_used_for_them(login, about):
    finished_training(login)
    login.left("layer1_extract", places=[7], **about)

    done, calls = login.submit()

    assert (done.returncode, calls) == (2, [])
    assert "layer2 was trained without 1 slides that are new, changed or tried again" in done.stderr
    assert f"--model '{login.out}/layer2/bundle'".replace("'", "") in done.stderr.replace("\\", "")


def test_a_patch_file_that_was_lost_is_made_again_and_training_makes_sure_of_it(login):
    finished_training(login)
    login.left("layer1_extract", places=[7])
    login.left("layer3_infer", places=[])

    done, calls = login.submit()

    assert done.returncode == 0, done.stderr
    assert [call.split()[2] for call in calls] == [
        f"--job-name=camnet-{stage}" for stage in ("extract", "merge", "train", "report")
    ]
    assert "the job only makes sure that it is of these patches" in done.stdout


@pytest.mark.parametrize("status", [0, 2])
def test_layer_2_looks_at_patches_that_are_newer_than_the_model(login, status):
    finished_training(login)
    os.utime(login.out / "layer2" / "bundle" / "bundle.json", (1, 1))
    body = f'[[ "$*" != *--patches* ]] || {{ echo "error: others" >&2; exit {status}; }}'
    recording(login.folder / "bin", "layer2-train", login.asked, body)

    done, calls = login.submit()

    looked = "--patches 'HERE/my out/layer1' --out 'HERE/my out/layer2'"
    asked = [call.replace(str(login.folder), "HERE") for call in recorded(login.asked)]
    assert f"layer2-train check {looked}" in asked
    assert (done.returncode, bool(calls)) == (status, not status)
    assert ("is not of the patches" in done.stderr) is bool(status)


def test_a_model_of_another_configuration_is_refused(login):
    finished_training(login)
    fake(login.folder / "bin", "layer2-train", '[[ "$*" != *--out* ]] || exit 2')

    done, calls = login.submit()

    assert (done.returncode, calls) == (2, [])


def test_slides_that_were_taken_out_of_the_cohort_are_not_trained_on(login):
    login.left("layer1_extract", places=[1], strangers={"s98", "s99"})

    done, calls = login.submit()

    assert (done.returncode, calls) == (2, [])
    assert "has patches of 2 slides that" in done.stderr
    assert "lacks: s98 s99. Nothing may be trained on them unasked" in done.stderr
    advice = shlex.split(done.stderr.rpartition("aside: ")[2])
    assert advice == [
        *("layer1-extract", "merge", f"{login.out}/layer1", "--cohort", str(login.cohort)),
        "--set-others-aside",
    ]


def test_heatmaps_of_a_model_that_was_taken_away_are_not_mixed_with_those_of_the_next(login):
    login.finish("layer3/run.json")

    done, calls = login.submit()

    assert (done.returncode, calls) == (2, [])
    assert "layer3 has heatmaps of a model that is no longer in" in done.stderr
