from __future__ import annotations

import keras
import numpy as np
import pytest
from colour_model import colour_network

from common.errors import ConfigError
from common.preprocessing import Preprocessing
from layer3_infer.explain.gradients import Gradients

SIZE = 8
PLAIN = Preprocessing()


def residual_network(end="sigmoid"):
    """Two convolutions beside a shortcut, batch normalisation, and two dense layers."""
    keras.utils.set_random_seed(0)
    pixels = keras.Input((SIZE, SIZE, 3))
    x = keras.layers.Rescaling(1 / 255)(pixels)
    shortcut = keras.layers.Conv2D(4, 3, padding="same", activation="relu", name="first")(x)
    inner = keras.layers.Conv2D(4, 3, padding="same", name="inner")(shortcut)
    inner = keras.layers.BatchNormalization(name="norm")(inner)
    x = keras.layers.Add(name="sum")([inner, shortcut])
    x = keras.layers.Activation("relu", name="sum_relu")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Dense(5, activation="tanh", name="hidden")(x)
    return keras.Model(pixels, keras.layers.Dense(1, activation=end, name="tumor")(x))


@pytest.fixture(scope="module")
def network():
    return residual_network()


@pytest.fixture(scope="module")
def patches():
    return np.random.default_rng(0).integers(0, 256, (5, SIZE, SIZE, 3), dtype=np.uint8)


def score_with(network, name, vector, patches):
    """The score before its sigmoid, (N,), with a vector added to a layer's output everywhere."""

    def called(layer, *given, **options):
        found = layer(*given, **options)
        return found + np.asarray(vector, np.float32) if layer.name == name else found

    moved = keras.models.clone_model(network, call_function=called)
    moved.set_weights(network.get_weights())
    answer = moved.predict_on_batch(patches.astype(np.float32))[:, 0].astype(np.float64)
    return np.log(answer) - np.log1p(-answer)


@pytest.mark.parametrize("name", ["first", "inner", "sum", "sum_relu", "hidden"])
def test_gradients_are_the_slopes_of_the_network_itself(network, patches, name):
    view = Gradients(network, PLAIN, (name,))(patches)[name]
    rng = np.random.default_rng(1)
    vector = rng.normal(size=view.gradients.shape[1])
    vector /= np.linalg.norm(vector)

    step = 5e-3
    up, down = (score_with(network, name, s * step * vector, patches) for s in (1, -1))

    np.testing.assert_allclose(view.gradients @ vector, (up - down) / (2 * step), atol=2e-3)


@pytest.mark.parametrize(("name", "pooled"), [("sum_relu", True), ("hidden", False)])
def test_activations_are_the_layers_output_pooled_over_places(network, patches, name, pooled):
    view = Gradients(network, PLAIN, (name,))(patches)[name]

    until = keras.Model(network.inputs, network.get_layer(name).output)
    output = until.predict_on_batch(patches.astype(np.float32))
    expected = output.mean(axis=(1, 2)) if pooled else output
    np.testing.assert_allclose(view.activations, expected, rtol=1e-5, atol=1e-6)


def test_a_patch_has_the_same_numbers_whatever_its_company(network, patches):
    gradients = Gradients(network, PLAIN, ("inner", "hidden"), batch_size=2)

    together = gradients(patches)
    alone = gradients(patches[3:4])

    for name in ("inner", "hidden"):
        assert (together[name].gradients[3] == alone[name].gradients[0]).all()
        assert (together[name].activations[3] == alone[name].activations[0]).all()
        assert len(together[name].activations) == len(patches)


def test_a_network_that_answers_from_greenness_alone_has_one_slope_everywhere(patches):
    network = colour_network(SIZE)
    green = np.zeros_like(patches)
    green[..., 1] = 90

    view = Gradients(network, PLAIN, ("greenness",))(green)["greenness"]

    np.testing.assert_allclose(view.gradients, 40, rtol=1e-5)
    np.testing.assert_allclose(view.activations, 90 / 255, rtol=1e-5)


def test_a_network_shown_patches_in_four_positions_is_asked_in_all_of_them(network, patches):
    turned = Gradients(network, Preprocessing(orientations=4), ("sum_relu",))(patches)["sum_relu"]

    single = Gradients(network, PLAIN, ("sum_relu",))
    each = [single(np.rot90(patches, k, axes=(1, 2)))["sum_relu"] for k in range(4)]
    np.testing.assert_allclose(
        turned.gradients, np.mean([view.gradients for view in each], axis=0), rtol=1e-5, atol=1e-6
    )


def test_a_layer_the_score_does_not_hear_has_gradients_of_zero(patches):
    view = Gradients(colour_network(SIZE), PLAIN, ("greenness",))(patches * 0)["greenness"]

    assert view.gradients.shape == (5, 1)
    assert np.isfinite(view.gradients).all()


def test_the_network_itself_stays_as_it_was(network, patches):
    before = network.predict_on_batch(patches.astype(np.float32))
    names = [layer.name for layer in network.layers]

    Gradients(network, PLAIN, ("inner",))(patches)

    assert [layer.name for layer in network.layers] == names
    assert len(network.get_layer("inner")._inbound_nodes) == 1
    assert (network.predict_on_batch(patches.astype(np.float32)) == before).all()


def test_a_layer_that_is_not_there_is_refused_with_those_that_are(network):
    with pytest.raises(ConfigError, match=r"found outer\. There are: .*inner"):
        Gradients(network, PLAIN, ("outer",)).prepare()


def test_a_network_without_a_sigmoid_at_its_end_is_refused():
    with pytest.raises(ConfigError, match="expected a sigmoid"):
        Gradients(residual_network(end="linear"), PLAIN, ("inner",)).prepare()
