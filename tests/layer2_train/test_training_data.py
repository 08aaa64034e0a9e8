from __future__ import annotations

import numpy as np
from patch_files import write_cohort

from common.config import load
from common.preprocessing import Preprocessing
from layer2_train.config import TrainSettings
from layer2_train.plan import make_plan
from layer2_train.training_data import opened_splits

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
