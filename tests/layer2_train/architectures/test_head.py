from __future__ import annotations

import keras
import numpy as np
import pytest

from layer2_train.architectures import build
from layer2_train.config import NetworkSettings


def network(name, size, pooling):
    keras.utils.set_random_seed(0)
    return build(NetworkSettings(name=name, pooling=pooling), size).network


def test_learned_pooling_begins_as_the_mean():
    average, learned = (network("camnet_small", 48, how) for how in ("average", "learned"))
    for layer in average.layers:
        if layer.weights:
            learned.get_layer(layer.name).set_weights(layer.get_weights())
    patches = np.random.default_rng(0).uniform(0, 255, (4, 48, 48, 3)).astype(np.float32)

    assert np.allclose(average(patches), learned(patches), atol=1e-6)


@pytest.mark.parametrize("name", ["camnet_small", "convnext_tiny"])
def test_learned_pooling_weighs_every_place_and_feature(name):
    pooling = network(name, 64, "learned").get_layer("pooling")

    assert pooling.kernel.shape == (*pooling.input.shape[1:], 1)
    assert not pooling.use_bias
