from __future__ import annotations

import keras
import pytest

from layer2_train.architectures import build
from layer2_train.config import NetworkSettings
from layer3_infer.explain.layer_choice import default_layers, necks


@pytest.fixture(scope="module")
def small():
    return build(NetworkSettings(name="camnet_small"), 32)


def test_a_small_residual_network_is_asked_at_the_end_of_each_block(small):
    layers = default_layers(small.network.get_config(), small.cam_layer, 5)

    assert layers == ("stem_relu", "block1_relu", "block2_relu", "block3_relu", "head_conv")


def test_fewer_layers_are_spread_over_the_depth(small):
    layers = default_layers(small.network.get_config(), small.cam_layer, 3)

    assert layers == ("stem_relu", "block3_relu", "head_conv")


def test_what_a_shortcut_leads_around_is_no_neck(small):
    narrow = necks(small.network.get_config())

    assert "block1_add" in narrow
    assert not {"block1_1_relu", "block1_2_conv", "block1_shortcut_conv"} & set(narrow)


def test_a_network_of_nothing_but_convolutions_is_asked_at_those():
    pixels = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(2, 3, name="one")(pixels)
    x = keras.layers.Conv2D(2, 3, name="two")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    network = keras.Model(pixels, keras.layers.Dense(1, activation="sigmoid")(x))

    assert default_layers(network.get_config(), "two", 5) == ("one", "two")


def test_the_layer_maps_look_at_may_be_the_only_one():
    pixels = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(2, 3, name="one")(pixels)
    x = keras.layers.GlobalAveragePooling2D()(x)
    network = keras.Model(pixels, keras.layers.Dense(1, activation="sigmoid")(x))

    assert default_layers(network.get_config(), "one", 5) == ("one",)


def test_a_sum_whose_activation_maps_look_at_is_not_asked_as_well():
    made = build(NetworkSettings(name="resnet50", weights="none"), 32)

    layers = default_layers(made.network.get_config(), made.cam_layer, 5)

    assert layers[-1] == "conv5_block3_out"
    assert layers[-2] == "conv5_block2_out"
    assert layers[0] == "conv1_relu"
