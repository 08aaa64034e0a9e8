from __future__ import annotations

import subprocess
import sys

import pytest
from patch_files import write_cohort, write_patch_file
from project import ROOT

from common.config import load
from common.errors import ConfigError
from layer2_train.config import TrainSettings
from layer2_train.plan import make_plan
from layer2_train.preflight import preflight, refuse_too_few

NAMED = "split={valid: [patient_001], test: [patient_002]}"


def settings(*overrides):
    return load(TrainSettings, overrides=["network.name=camnet_small", NAMED, *overrides])


def test_a_training_that_can_begin_is_planned(tmp_path):
    plan = preflight(settings(), write_cohort(tmp_path))

    assert {split for split, places in plan.places.items() if places} == {"train", "valid", "test"}


def test_a_rule_for_the_threshold_needs_validation_patches_of_both_classes(tmp_path):
    for number in range(3):
        labels = [0, 0] if number == 1 else [0, 1]
        write_patch_file(tmp_path, f"s{number}", patient=f"patient_00{number}", labels=labels)
    chosen = settings("threshold=youden")

    with pytest.raises(ConfigError, match="threshold: youden: expected validation patches"):
        refuse_too_few(make_plan(tmp_path, chosen.split), chosen)


def test_without_validation_a_warning_says_which_epoch_is_kept(tmp_path, caplog):
    alone = settings("split={valid: 0, test: 0}")

    refuse_too_few(make_plan(write_cohort(tmp_path), alone.split), alone)

    assert "no validation patches: the last epoch will be kept" in caplog.text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("network.name=inception_v3", "75 px"),
        ("network={name: camnet_small, weights: nowhere.keras}", "nothing there"),
        ("split={valid: [nobody]}", "no patient 'nobody'"),
    ],
)
def test_what_would_stop_a_training_is_told_before_it(tmp_path, given, said):
    with pytest.raises(ConfigError, match=said):
        preflight(settings(given), write_cohort(tmp_path))


def test_nothing_of_it_needs_keras():
    code = "import layer2_train.preflight, sys; sys.exit('keras' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
