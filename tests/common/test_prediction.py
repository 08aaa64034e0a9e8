from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from common.prediction import Predictor
from common.preprocessing import Preprocessing


class MeanNetwork:
    """Answers with the mean brightness, and remembers the batch sizes it was given."""

    def __init__(self):
        self.sizes = []

    def predict_on_batch(self, batch):
        self.sizes.append(len(batch))
        return batch.mean(axis=(1, 2, 3), keepdims=False)[:, None] / 255


@given(count=st.integers(0, 50), batch_size=st.integers(1, 16))
def test_every_batch_has_one_size_and_every_patch_its_answer(count, batch_size):
    patches = np.random.default_rng(0).integers(0, 256, (count, 4, 4, 3)).astype(np.uint8)
    network = MeanNetwork()

    scores = Predictor(network, Preprocessing(), batch_size)(patches)

    assert set(network.sizes) <= {batch_size}
    assert scores.dtype == np.float32
    assert np.allclose(scores, patches.mean(axis=(1, 2, 3)) / 255)
