from __future__ import annotations

import numpy as np
from networks import DarkIsTumour
from patch_files import write_patch_file

from common.config import load
from common.patch_file.reader import PatchFile
from common.preprocessing import Preprocessing
from layer2_train.config import TrainSettings
from layer2_train.dataset import PatchDataset
from layer2_train.ranks import Alone
from layer2_train.results import measured
from layer2_train.training import Trained
from layer2_train.weights import Start


def dataset(folder, name, labels):
    return PatchDataset([PatchFile(write_patch_file(folder, name, labels=labels))])


def test_the_threshold_chosen_on_validation_patches_is_applied_to_the_test(tmp_path):
    splits = {
        "test": dataset(tmp_path, "test", [0, 0, 1, 1]),
        "valid": dataset(tmp_path, "valid", [0, 1, 0, 1, 1]),
    }
    settings = load(TrainSettings, overrides=["threshold=youden", "bootstrap=10"])
    trained = Trained(DarkIsTumour(), "none", (), Start())

    answers = measured(trained, Preprocessing(), splits, settings, Alone())

    chosen = answers["valid"].metrics["threshold"]
    assert list(answers) == ["valid", "test"]
    assert answers["test"].metrics["threshold"] == chosen
    assert answers["test"].metrics["threshold_choice"]["on"] == "valid"
    assert np.isfinite(chosen)
