from __future__ import annotations

import keras
import numpy as np
import pytest

from common.errors import ContractError
from layer2_train.architectures import build
from layer2_train.config import NetworkSettings
from layer2_train.weight_files import arrays_by_layer, arrays_in_order


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(0)
    return build(NetworkSettings(name="camnet_small"), 16).network


@pytest.fixture(params=["model.keras", "model.weights.h5", "model.h5"])
def saved(request, network, tmp_path):
    path = tmp_path / request.param
    if path.name.endswith(".weights.h5"):
        network.save_weights(path)
    else:
        network.save(path)
    return path


def test_weights_of_every_layer_are_found_by_its_name(saved, network):
    found = arrays_by_layer(saved)

    own = {layer.name: layer.get_weights() for layer in network.layers if layer.weights}
    assert found.keys() == own.keys()
    for name, weights in own.items():
        assert all(map(np.array_equal, found[name], weights)), name


def test_half_a_file_is_refused(saved):
    half = saved.read_bytes()[: saved.stat().st_size // 2]
    saved.write_bytes(half)

    with pytest.raises(ContractError, match=r"model\.\S+: file: expected .* found .*Copy the file"):
        arrays_by_layer(saved)


def test_a_file_without_names_of_layers_is_refused(tmp_path):
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "other.weights.h5"
    with h5py.File(path, "w") as file:
        file["layers/conv2d/vars/0"] = np.zeros(3)

    with pytest.raises(ContractError, match="weights with the names of layers, found none"):
        arrays_by_layer(path)


def test_a_file_of_patches_is_no_file_of_weights(tmp_path):
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "slide.h5"
    with h5py.File(path, "w") as file:
        file["patches"] = np.zeros(3)

    with pytest.raises(ContractError, match="expected weights that Keras wrote"):
        arrays_in_order(path)


def test_layers_of_a_network_within_another_are_found(tmp_path):
    inner = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, name="inner")])
    outer = keras.Sequential([keras.Input((4,)), inner, keras.layers.Dense(1, name="outer")])
    path = tmp_path / "nested.keras"
    outer.save(path)

    assert arrays_by_layer(path).keys() == {"inner", "outer"}


def test_a_long_list_of_layers_is_put_together(tmp_path):
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "long.h5"
    with h5py.File(path, "w") as file:
        for place, name in enumerate("ab"):
            file.attrs[f"layer_names{place}"] = [name.encode()]
            file[f"{name}/kernel"] = np.full(2, place)
            file[name].attrs["weight_names"] = [b"kernel"]

    assert [array.tolist() for array in arrays_in_order(path)] == [[0, 0], [1, 1]]
