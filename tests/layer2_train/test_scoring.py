from __future__ import annotations

import numpy as np
from networks import DarkIsTumour
from patch_files import write_patch_file

from common.patch_file.reader import PatchFile
from common.prediction import Predictor
from common.preprocessing import Preprocessing
from layer2_train.dataset import PatchDataset
from layer2_train.scoring import score


def test_every_patch_gets_its_own_answer_in_the_order_of_the_dataset(tmp_path):
    dataset = PatchDataset([PatchFile(write_patch_file(tmp_path, name, n=7)) for name in "ab"])
    network = DarkIsTumour()

    scores = score(Predictor(network, Preprocessing(), batch_size=4), dataset, "test")

    darkness = 1 - dataset.read(np.arange(14)).mean(axis=(1, 2, 3)) / 255
    assert np.allclose(scores, darkness, atol=1e-5)
    assert network.sizes == [4, 4, 4, 4]
