from __future__ import annotations

import subprocess
import sys
from tempfile import TemporaryDirectory

import keras
import numpy as np
import pytest

from common.errors import ConfigError
from layer2_train.architectures import (
    AUXILIARY_WEIGHT,
    NETWORKS,
    build,
    check_name,
    check_patch_size,
    published,
)
from layer2_train.config import NetworkSettings

SIZES = {name: max(64, listed.smallest) for name, listed in NETWORKS.items()}


def test_a_misspelt_name_is_answered_with_the_closest():
    with pytest.raises(
        ConfigError, match=r"Did you mean 'resnet50'.*Known: camnet_fine, camnet_small, conv"
    ):
        check_name("resent50")


def test_checking_a_name_does_not_import_keras():
    code = "import layer2_train.architectures, sys; sys.exit('keras' in sys.modules)"

    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_nobody_publishes_is_answered_with_what_is_published():
    with pytest.raises(ConfigError, match=r"no ImageNet weights for googlenet.*resnet101, resnet"):
        published("googlenet")


@pytest.mark.parametrize("name", NETWORKS)
def test_smaller_patches_than_a_network_takes_are_refused(name):
    too_small = NETWORKS[name].smallest - 1

    with pytest.raises(ConfigError, match=rf"{too_small + 1} px or more for {name}, found"):
        build(NetworkSettings(name=name), too_small)


def test_who_has_small_patches_is_told_which_networks_take_them():
    with pytest.raises(
        ConfigError, match="these: camnet_fine, camnet_small, convnext_tiny.*resnet50$"
    ):
        check_patch_size("inception_v3", 64)


def step(built):
    """Learn once from two patches, and return the loss."""
    outputs = [built.network.output, *built.auxiliary]
    model = keras.Model(built.network.input, outputs)
    weights = [1.0, *[AUXILIARY_WEIGHT] * len(built.auxiliary)]
    model.compile(
        keras.optimizers.SGD(1e-4),
        loss=["binary_crossentropy"] * len(outputs),
        loss_weights=weights,
        run_eagerly=True,
        jit_compile=False,
    )
    labels = np.array([[0], [1]], np.float32)
    found = model.train_on_batch(patches(built), [labels] * len(outputs), return_dict=True)
    return found["loss"]


def patches(built):
    shape = (2, *built.network.input_shape[1:])
    return np.random.default_rng(0).uniform(0, 255, shape).astype(np.float32)


@pytest.fixture(scope="module")
def networks():
    keras.utils.set_random_seed(0)
    return {name: build(NetworkSettings(name=name), size) for name, size in SIZES.items()}


@pytest.fixture(params=NETWORKS)
def built(networks, request):
    return networks[request.param]


def test_a_network_is_flat_and_of_keras_own_layers(built):
    size = SIZES[built.network.name]

    assert built.network.input_shape == (None, size, size, 3)
    assert built.network.output_shape == (None, 1)
    for layer in built.network.layers:
        assert type(layer).__module__.startswith("keras.src.layers."), layer
        assert not isinstance(layer, keras.Model | keras.layers.Lambda)


def test_maps_are_explained_where_the_answer_is_made(built):
    maps = built.network.get_layer(built.cam_layer).output

    assert len(maps.shape) == 4
    assert None not in maps.shape[1:]


@pytest.mark.parametrize("name", ["densenet121", "inception_v3"])  # Keras numbers their layers
def test_names_of_layers_do_not_depend_on_what_was_built_before(name, networks):
    again = build(NetworkSettings(name=name), SIZES[name]).network

    names = [layer.name for layer in networks[name].network.layers]
    assert names == [layer.name for layer in again.layers]


def test_no_two_layers_have_one_name(built):
    names = [layer.name for layer in built.network.layers]

    assert len(set(names)) == len(names)


LOAD = """
import pathlib, sys
class Refuse:
    def find_spec(self, name, *_):
        if name.split('.')[0] in ('common', 'layer1_extract', 'layer2_train', 'layer3_infer'):
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
import keras, numpy as np
for path in pathlib.Path(sys.argv[1]).glob("*.keras"):
    network = keras.saving.load_model(path, compile=False, safe_mode=True)
    np.save(path.with_suffix(".out.npy"), network(np.load(path.with_suffix(".npy"))))
"""


@pytest.fixture(scope="module")
def elsewhere(networks):
    """Losses of a step each, and the answers of a process that has Keras and not this project."""
    losses, answers = {}, {}
    with TemporaryDirectory() as folder:  # 600 MB, not to be kept
        for name, built in networks.items():
            losses[name] = step(built)
            built.network.save(f"{folder}/{name}.keras")
            np.save(f"{folder}/{name}.npy", patches(built))
        subprocess.run([sys.executable, "-I", "-c", LOAD, folder], check=True, cwd=folder)
        for name in networks:
            answers[name] = np.load(f"{folder}/{name}.out.npy")
    return losses, answers


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_trains_a_step_and_loads_with_keras_alone(name, networks, elsewhere):
    losses, answers = elsewhere

    assert 0 < losses[name] < 10
    mine = np.asarray(networks[name].network(patches(networks[name])))
    assert np.allclose(answers[name], mine, atol=1e-6)
    assert answers[name].shape == (2, 1)


def test_a_step_moves_the_first_and_the_last_layer():
    made = build(NetworkSettings(name="googlenet"), 32)
    ends = [made.network.get_layer(name) for name in ("conv1_conv", "tumor")]
    before = [np.asarray(layer.kernel) for layer in ends]

    step(made)

    assert all(
        np.abs(np.asarray(layer.kernel) - old).max() > 0
        for layer, old in zip(ends, before, strict=True)
    )


@pytest.mark.parametrize(
    ("name", "policy"),
    [*((name, "mixed_float16") for name in NETWORKS), ("googlenet", "mixed_bfloat16")],
)
def test_a_network_of_half_precision_answers_in_full(name, policy):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        made = build(NetworkSettings(name=name), SIZES[name])
    finally:
        keras.config.set_dtype_policy(before)

    assert all(output.dtype == "float32" for output in (made.network.output, *made.auxiliary))
    assert made.network.get_layer(made.cam_layer).output.dtype == policy.removeprefix("mixed_")
    assert all(weight.dtype == "float32" for weight in made.network.weights)
