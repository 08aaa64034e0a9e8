from __future__ import annotations

import numpy as np
import pytest

from layer2_train.architectures import camnet_small
from layer2_train.config import NetworkSettings


def network(size, **settings):
    return camnet_small.build(NetworkSettings(name="camnet_small", **settings), size).network


@pytest.mark.parametrize("size", [16, 96, 224])
def test_has_about_240_000_weights_whatever_the_patch(size):
    assert 200_000 < network(size).count_params() < 260_000


def test_dropout_hides_features_in_training_only():
    small = network(16, dropout=0.9)
    patches = np.random.default_rng(0).uniform(0, 255, (4, 16, 16, 3)).astype(np.float32)

    once, again = (np.asarray(small(patches, training=False)) for _ in range(2))

    assert np.array_equal(once, again)
    assert small.get_layer("dropout").rate == 0.9
