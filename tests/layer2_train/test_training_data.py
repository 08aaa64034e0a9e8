from __future__ import annotations

import numpy as np
import pytest
from patch_files import write_cohort, write_patch_file

from common.config import load
from common.errors import ConfigError
from common.preprocessing import Preprocessing
from layer2_train.config import TrainSettings
from layer2_train.plan import make_plan
from layer2_train.training_data import opened_splits, refuse_too_few

NAMED = "split={valid: [patient_001], test: [patient_002]}"


def settings(*overrides):
    return load(TrainSettings, overrides=[NAMED, *overrides])


def test_every_labelled_patch_is_in_its_split(tmp_path):
    plan = make_plan(write_cohort(tmp_path), settings().split)

    with opened_splits(plan, Preprocessing()) as datasets:
        labelled = {split: own["normal"] + own["tumor"] for split, own in plan.counts().items()}
        assert {split: len(dataset) for split, dataset in datasets.items()} == labelled


def test_patches_come_in_the_colours_the_model_asks_for(tmp_path):
    plan = make_plan(write_cohort(tmp_path), settings().split)

    with (
        opened_splits(plan, Preprocessing()) as stored,
        opened_splits(plan, Preprocessing.of("reinhard", 8)) as alike,
    ):
        one, other = (datasets["train"].read(np.arange(4)) for datasets in (stored, alike))

    assert not np.array_equal(one, other)


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
