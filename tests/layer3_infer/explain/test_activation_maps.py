from __future__ import annotations

import keras
import numpy as np
import pytest
from colour_model import GREEN, PINK, colour_network

from common.errors import ConfigError
from common.prediction import Predictor
from common.preprocessing import Preprocessing
from layer2_train.architectures import NETWORKS, build
from layer2_train.config import NetworkSettings
from layer3_infer.config import ExplainSettings
from layer3_infer.explain.activation_maps import activation_of
from layer3_infer.explain.grad_cam import grad_cam
from layer3_infer.explain.grad_cam_pp import grad_cam_pp
from layer3_infer.explain.layer_choice import following

SIZE = 32


def half_green():
    patch = np.full((SIZE, SIZE, 3), PINK, np.uint8)
    patch[:, SIZE // 2 :] = GREEN
    return patch


def maps_of(network, layer="greenness", **preprocessing):
    predictor = Predictor(network, Preprocessing(**preprocessing), 4)
    return grad_cam(predictor, layer, ExplainSettings())


@pytest.fixture(scope="module")
def maps():
    return maps_of(colour_network(SIZE))


def pooled_network(cells):
    """Looks at the first quarter of the columns alone; its map has `cells` x `cells` values."""
    pixels = keras.Input((SIZE, SIZE, 3))
    small = keras.layers.AveragePooling2D(SIZE // cells)(pixels)
    seen = keras.layers.Conv2D(1, 1, name="greenness", use_bias=False)(small)
    flat = keras.layers.GlobalAveragePooling2D()(seen)
    network = keras.Model(pixels, keras.layers.Dense(1, activation="sigmoid")(flat))
    network.get_layer("greenness").set_weights(
        [np.array([0, 1, 0], np.float32).reshape(1, 1, 3, 1)]
    )
    network.layers[-1].set_weights([np.ones((1, 1), np.float32), np.zeros(1, np.float32)])
    return network


def test_the_network_is_left_as_it_was(maps):
    before = maps.network.predict_on_batch(half_green()[None].astype(np.float32))
    maps(half_green())

    after = maps.network.predict_on_batch(half_green()[None].astype(np.float32))
    assert before.tobytes() == after.tobytes()
    assert keras.activations.serialize(maps.network.get_layer("answer").activation) == "sigmoid"


def test_a_confident_answer_still_has_a_map(maps):
    patch = np.full((SIZE, SIZE, 3), GREEN, np.uint8)

    assert maps.network.predict_on_batch(patch[None].astype(np.float32))[0, 0] > 0.99
    assert np.ptp(maps(patch).raw) == 0
    assert maps(patch).raw[0, 0] > 0


def test_a_cell_lies_on_the_pixels_it_stands_for():
    patch = np.zeros((SIZE, SIZE, 3), np.uint8)
    patch[8:16, 16:24] = (0, 200, 0)

    found = maps_of(pooled_network(4))(patch).raw

    assert found.shape == (SIZE, SIZE)
    rows, columns = np.nonzero(found == found.max())
    assert (rows.mean(), columns.mean()) == (11.5, 19.5)
    assert np.allclose(found[:, 8:32], found[:, 8:32][:, ::-1])


@pytest.mark.parametrize("orientations", [4, 8])
def test_the_map_of_an_averaged_answer_lies_in_the_frame_of_the_patch(orientations):
    patch = np.full((SIZE, SIZE, 3), PINK, np.uint8)
    patch[2:9, 4:20] = GREEN  # no turn and no mirror image of it is itself

    found = maps_of(colour_network(SIZE), orientations=orientations)(patch).raw

    assert np.array_equal(found > 0, (patch == GREEN).all(axis=-1))


def test_a_layer_the_network_lacks_is_refused():
    broken = maps_of(colour_network(SIZE), layer="conv5")

    with pytest.raises(ConfigError, match="cam_layer: expected a layer of the network, found"):
        broken(half_green())


def test_another_backend_is_refused_by_name(maps, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    fresh = maps_of(maps.network)

    with pytest.raises(ConfigError, match="method grad_cam: expected Keras on TensorFlow.*jax"):
        fresh(half_green())


def normalised_network():
    """Its convolution's output is below 0 everywhere; behind norm and rectifier green is left."""
    pixels = keras.Input((SIZE, SIZE, 3))
    linear = keras.layers.Conv2D(1, 1, use_bias=False, name="head_conv")(pixels)
    normal = keras.layers.BatchNormalization(name="head_norm")(linear)
    seen = keras.layers.Activation("relu", name="head_relu")(normal)
    flat = keras.layers.GlobalAveragePooling2D()(seen)
    network = keras.Model(pixels, keras.layers.Dense(1, activation="sigmoid")(flat))
    kernel = np.array([-1, 0, 0], np.float32).reshape(1, 1, 3, 1)
    network.get_layer("head_conv").set_weights([kernel])
    one = np.ones(1, np.float32)
    network.get_layer("head_norm").set_weights([one, 0 * one, -100 * one, one])
    network.layers[-1].set_weights([np.ones((1, 1), np.float32), np.zeros(1, np.float32)])
    return network


@pytest.mark.parametrize("method", [grad_cam, grad_cam_pp])
def test_a_map_is_of_features_behind_normalisation_and_rectifier(method):
    predictor = Predictor(normalised_network(), Preprocessing(), 4)

    found = method(predictor, "head_conv", ExplainSettings())(half_green()).raw

    assert (found[:, SIZE // 2 :] > 0).all()
    assert not found[:, : SIZE // 2].any()


@pytest.mark.parametrize("after", ["two users", "a sum", "a rectifier", "its own"])
def test_a_convolution_is_followed_to_the_one_activation_it_feeds(after):
    pixels = keras.Input((8, 8, 3))
    own = "relu" if after == "its own" else None
    x = conv = keras.layers.Conv2D(3, 1, activation=own, name="conv")(pixels)
    if after in ("two users", "a rectifier", "its own"):
        x = keras.layers.ReLU(name="rectifier")(keras.layers.Dropout(0.1)(conv))
    if after in ("two users", "a sum"):
        x = keras.layers.Add()([x, conv if after == "two users" else pixels])
    network = keras.Model(pixels, keras.layers.GlobalAveragePooling2D()(x))

    found = activation_of(network.get_config(), "conv")

    assert found == ("rectifier" if after == "a rectifier" else "conv")


SIGNED = {"convnext_tiny": "Add", "efficientnet_v2b0": "silu"}
"""Networks whose last features may be below 0, whatever layer is looked at."""


@pytest.mark.parametrize("name", NETWORKS)
def test_features_looked_at_are_never_below_0_but_of_two_networks(name):
    built = build(NetworkSettings(name=name), max(32, NETWORKS[name].smallest))
    config = built.network.get_config()
    layers = {layer["name"]: layer for layer in config["layers"]}

    found = layers[activation_of(config, built.cam_layer)]

    kinds = {_kind(layers[source]) for source in _sources(config, found)}
    assert kinds == {SIGNED.get(name, "relu")}


def _kind(layer):
    activation = layer["config"].get("activation", layer["class_name"])
    return "relu" if layer["class_name"] == "ReLU" else activation


def _sources(config, layer):
    """The layers whose features a concatenation puts side by side; else the layer itself."""
    if layer["class_name"] not in ("Concatenate", "MaxPooling2D", "AveragePooling2D"):
        return [layer["name"]]
    layers = {one["name"]: one for one in config["layers"]}
    before = [name for name, users in following(config["layers"]).items() if layer["name"] in users]
    return [source for name in before for source in _sources(config, layers[name])]
