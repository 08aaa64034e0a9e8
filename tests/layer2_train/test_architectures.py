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
    with pytest.raises(ConfigError, match=r"Did you mean 'resnet50'.*Known: camnet_small, conv"):
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
    with pytest.raises(ConfigError, match="these: camnet_small, convnext_tiny.*resnet50$"):
        check_patch_size("inception_v3", 64)


def step(built):
    """Learn once from two patches, and return the loss."""
    outputs = [built.network.output, *built.auxiliary]
    model = keras.Model(built.network.input, outputs)
    weights = [1.0, *[AUXILIARY_WEIGHT] * len(built.auxiliary)]
    model.compile(
        keras.optimizers.SGD(0.1),
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
def folder():
    with TemporaryDirectory() as made:  # 600 MB, not to be kept
        yield made


@pytest.fixture(scope="module", params=NETWORKS)
def built(request):
    keras.utils.set_random_seed(0)
    return build(NetworkSettings(name=request.param), SIZES[request.param])


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


def test_layers_of_keras_have_no_names_that_depend_on_others(built):
    again = build(NetworkSettings(name=built.network.name), SIZES[built.network.name])

    names = [layer.name for layer in built.network.layers]
    assert names == [layer.name for layer in again.network.layers]
    assert len(set(names)) == len(names)


LOAD = """
import sys
class Refuse:
    def find_spec(self, name, *_):
        if name.split('.')[0] in ('common', 'layer1_extract', 'layer2_train', 'layer3_infer'):
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
import keras, numpy as np
network = keras.saving.load_model(sys.argv[1], compile=False, safe_mode=True)
np.save(sys.argv[3], network.predict_on_batch(np.load(sys.argv[2])))
"""


def test_a_network_trains_a_step_and_loads_with_keras_alone(built, folder):
    name = built.network.name
    first = next(layer for layer in built.network.layers if layer.weights)
    before = np.asarray(first.kernel)
    model, given, answers = (f"{folder}/{name}{end}" for end in (".keras", "_in.npy", "_out.npy"))

    loss = step(built)
    built.network.save(model)
    np.save(given, patches(built))
    code = [sys.executable, "-I", "-c", LOAD, model, given, answers]
    subprocess.run(code, check=True, cwd=folder)

    assert np.isfinite(loss)
    assert np.abs(np.asarray(first.kernel) - before).max() > 0
    mine = built.network.predict_on_batch(patches(built))
    assert np.allclose(np.load(answers), mine, atol=1e-6)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("name", NETWORKS)
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
