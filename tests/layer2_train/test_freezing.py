from __future__ import annotations

import keras
import numpy as np
import pytest

from common.errors import ConfigError
from layer2_train.architectures import build
from layer2_train.config import NetworkSettings
from layer2_train.freezing import epochs_of, freeze, phase_of, rate_factor
from layer2_train.settings.network import FreezeSettings


@pytest.fixture
def network():
    keras.utils.set_random_seed(0)
    return build(NetworkSettings(name="camnet_small"), 16).network


def trained(network):
    return {layer.name for layer in network.layers if layer.trainable and layer.weights}


@pytest.mark.parametrize(
    ("settings", "phases"),
    [
        ({}, [0, 0, 0]),
        ({"until": "body"}, [0, 0, 0]),
        ({"until": "body", "epochs": 2}, [0, 0, 1]),
        ({"epochs": 2}, [0, 0, 0]),
    ],
)
def test_a_freeze_ends_after_its_epochs(settings, phases):
    asked = FreezeSettings(**settings)

    assert [phase_of(asked, epoch) for epoch in (1, 2, 3)] == phases


@pytest.mark.parametrize(("epochs", "each"), [(10, [2, 8]), (2, [2, 1]), (1, [1, 1])])
def test_phases_share_the_epochs(epochs, each):
    asked = FreezeSettings(until="body", epochs=2)

    assert [epochs_of(asked, phase, epochs) for phase in (0, 1)] == each


def test_the_learning_rate_changes_when_the_freeze_ends():
    asked = FreezeSettings(until="body", epochs=1, learning_rate_factor=0.1)

    assert [rate_factor(asked, phase) for phase in (0, 1)] == [1.0, 0.1]


def test_of_a_frozen_body_the_last_layer_is_trained(network):
    freeze(network, FreezeSettings(until="body"), 0)

    assert trained(network) == {"tumor"}


def test_layers_up_to_the_one_named_are_frozen(network):
    freeze(network, FreezeSettings(until="block2_relu"), 0)

    names = trained(network)
    assert {"block3_1_conv", "head_conv", "tumor"} <= names
    assert not any(name.startswith(("stem", "block1", "block2")) for name in names)


def test_in_the_second_phase_everything_is_trained(network):
    every = trained(network)
    asked = FreezeSettings(until="body", epochs=1)
    freeze(network, asked, 0)

    freeze(network, asked, 1)

    assert trained(network) == every


def test_frozen_layers_keep_weights_and_running_means(network):
    freeze(network, FreezeSettings(until="body"), 0)
    before = {weight.path: np.asarray(weight) for weight in network.weights}
    network.compile(keras.optimizers.SGD(0.1), loss="binary_crossentropy", jit_compile=False)
    patches = np.random.default_rng(0).uniform(0, 255, (4, 16, 16, 3)).astype(np.float32)

    network.train_on_batch(patches, np.array([[0], [1], [1], [1]], np.float32))

    moved = {w.path for w in network.weights if not np.array_equal(np.asarray(w), before[w.path])}
    assert moved == {"tumor/kernel", "tumor/bias"}


def test_freezing_leaves_the_order_of_weights(network):
    before = [weight.path for weight in network.weights]

    freeze(network, FreezeSettings(until="block2_relu"), 0)

    assert [weight.path for weight in network.weights] == before


def test_a_misspelt_layer_is_answered_with_the_closest(network):
    with pytest.raises(ConfigError, match=r"until: found 'blok2_1_conv': no such.*'block2_1_conv'"):
        freeze(network, FreezeSettings(until="blok2_1_conv"), 0)


def test_a_freeze_that_leaves_nothing_to_train_is_refused(network):
    with pytest.raises(ConfigError, match="found 'tumor', after which there is nothing to train"):
        freeze(network, FreezeSettings(until="tumor"), 0)
