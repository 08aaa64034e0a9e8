"""What the tests of networks share."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from published_weights import Published

from layer2_train import architectures
from layer2_train.config import NetworkSettings
from layer2_train.weights import load_weights


@pytest.fixture
def millions():
    """Counts the parameters of a network with a classifier of 1000 for its head, in millions."""

    def count(name):
        network = architectures.build(NetworkSettings(name=name), 96).network
        features = network.get_layer("tumor").kernel.shape[0]
        return round((network.count_params() + 999 * (features + 1)) / 1e6, 1)

    return count


@pytest.fixture
def seen(tmp_path, monkeypatch):
    """What a layer makes of patches with published weights, and what Keras' network does."""

    def see(name, layer, size=None):
        published = Published(name, tmp_path, monkeypatch, size)
        settings = NetworkSettings(name=name, weights="imagenet")
        built = architectures.build(settings, published.size)
        load_weights(built, settings)
        ours = keras.Model(built.network.input, built.network.get_layer(layer).output)
        published.path.unlink()  # up to 200 MB
        patches = published.patches()
        return np.asarray(ours(patches, training=False)), published.maps(patches)

    return see
