from __future__ import annotations

import numpy as np
from networks import DarkIsTumour
from patch_files import write_patch_file

from common.patch_file.reader import PatchFile
from common.prediction import Predictor
from common.preprocessing import Preprocessing
from layer2_train.dataset import PatchDataset
from layer2_train.ranks import Alone
from layer2_train.scoring import score


def test_every_patch_gets_its_own_answer_in_the_order_of_the_dataset(tmp_path):
    dataset = PatchDataset([PatchFile(write_patch_file(tmp_path, name, n=7)) for name in "ab"])
    network = DarkIsTumour()

    scores = score(Predictor(network, Preprocessing(), batch_size=4), dataset, "test", Alone())

    darkness = 1 - dataset.read(np.arange(14)).mean(axis=(1, 2, 3)) / 255
    assert np.allclose(scores, darkness, atol=1e-5)
    assert network.sizes == [4, 4, 4, 4]


def test_ranks_share_the_patches_and_no_answer_depends_on_how_many_they_are(tmp_path):
    dataset = PatchDataset([PatchFile(write_patch_file(tmp_path, name, n=7)) for name in "ab"])
    predictor = Predictor(DarkIsTumour(), Preprocessing(), batch_size=4)

    shares = [score(predictor, dataset, "test", Alone(rank, size=3)) for rank in range(3)]

    assert np.array_equal(np.concatenate(shares), score(predictor, dataset, "test", Alone()))
