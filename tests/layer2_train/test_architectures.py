from __future__ import annotations

import subprocess
import sys

import pytest

from common.errors import ConfigError
from layer2_train.architectures import MODULES, build, check_name
from layer2_train.config import NetworkSettings


def test_a_misspelt_name_is_answered_with_the_closest():
    with pytest.raises(
        ConfigError, match=r"Did you mean 'resnet50'.*Known: camnet_small, resnet50"
    ):
        check_name("resent50")


def test_checking_a_name_does_not_import_keras():
    code = "import layer2_train.architectures, sys; sys.exit('keras' in sys.modules)"

    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", MODULES)
def test_a_network_is_flat_and_of_keras_own_layers(name):
    import keras

    built = build(NetworkSettings(name=name), patch_size=32)

    assert built.network.input_shape == (None, 32, 32, 3)
    assert built.network.output_shape == (None, 1)
    assert all(type(layer).__module__.startswith("keras.") for layer in built.network.layers)
    assert not any(isinstance(layer, keras.Model) for layer in built.network.layers)
    assert isinstance(built.network.get_layer(built.cam_layer), keras.layers.Conv2D)
    assert [layer for layer in built.network.layers if isinstance(layer, keras.layers.Conv2D)][
        -1
    ].name == built.cam_layer


LOAD = """
import sys
import keras, numpy as np
network = keras.saving.load_model(sys.argv[1], compile=False, safe_mode=True)
answer = network.predict_on_batch(np.full((2, 32, 32, 3), 255, np.float32))
assert answer.shape == (2, 1) and (answer >= 0).all() and (answer <= 1).all(), answer
assert not any(name.startswith(("layer2_train", "common")) for name in sys.modules)
"""


@pytest.mark.parametrize("name", MODULES)
def test_a_saved_network_loads_with_keras_alone(name, tmp_path):
    path = tmp_path / "model.keras"
    build(NetworkSettings(name=name), patch_size=32).network.save(path)

    subprocess.run([sys.executable, "-I", "-c", LOAD, str(path)], check=True, cwd=tmp_path)
