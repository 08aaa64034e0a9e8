from __future__ import annotations

import logging
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest

from common.errors import ConfigError, ContractError
from common.model_bundle import Manifest, write_bundle
from layer2_train.architectures import build
from layer2_train.config import NetworkSettings
from layer2_train.weights import Start, check_start, find_weights, load_weights


def make(seed, size=16, **settings):
    keras.utils.set_random_seed(seed)
    return build(NetworkSettings(name="camnet_small", **settings), size)


def from_file(path, **settings):
    return NetworkSettings(name="camnet_small", weights=str(path), **settings)


def equal(one, other):
    pairs = zip(one.network.get_weights(), other.network.get_weights(), strict=True)
    return [np.array_equal(mine, theirs) for mine, theirs in pairs]


@pytest.fixture(scope="module")
def other():
    return make(1)


@pytest.fixture
def bundle(other, tmp_path):
    manifest = Manifest(
        architecture="camnet_small", patch_size=16, patch_mpp=0.5, cam_layer=other.cam_layer
    )
    return write_bundle(tmp_path / "bundle", manifest, other.network.save, "card").path


def test_weights_of_chance_are_left_alone():
    own = make(2)

    assert load_weights(own, NetworkSettings(name="camnet_small")) == Start()
    assert all(equal(own, make(2)))


def test_a_network_starts_from_a_bundle_or_a_file_of_it(bundle, other):
    for path in (bundle, bundle / "model.keras"):
        own = make(2)

        start = load_weights(own, from_file(path))

        assert all(equal(own, other))
        assert start.source == path.name
        assert len(start.sha256) == 64
        assert start.random == ()


def test_layers_of_other_shapes_are_left_and_told(bundle, caplog):
    own = make(2, size=48, pooling="learned")
    kernel = own.network.get_layer("pooling").get_weights()[0]

    with caplog.at_level(logging.INFO):
        start = load_weights(own, from_file(bundle, pooling="learned"))

    assert start.random == ("pooling",)
    assert "random: pooling" in caplog.text
    assert np.array_equal(own.network.get_layer("pooling").get_weights()[0], kernel)


def test_a_layer_whose_shape_differs_is_warned_of(tmp_path, caplog):
    path = tmp_path / "learned.weights.h5"
    make(1, size=32, pooling="learned").network.save_weights(path)

    load_weights(make(2, size=48, pooling="learned"), from_file(path, pooling="learned"))

    assert "other shapes, not taken: pooling" in caplog.text


def test_a_bundle_of_another_network_is_refused(bundle):
    settings = NetworkSettings(name="googlenet", weights=str(bundle))

    with pytest.raises(ConfigError, match="a bundle of googlenet, found one of camnet_small"):
        load_weights(build(settings, 32), settings)


def test_a_file_of_another_network_is_refused(tmp_path):
    path = tmp_path / "dense.keras"
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, name="mine")]).save(path)

    with pytest.raises(ConfigError, match="weights of camnet_small, found 1 layers.*: mine. Give"):
        load_weights(make(2), from_file(path))


def test_a_bundle_that_was_changed_is_refused(bundle):
    (bundle / "model.keras").write_bytes(b"")

    with pytest.raises(ContractError, match="sha256"):
        load_weights(make(2), from_file(bundle))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("absent.keras", "found nothing there"),
        ("folder", "found a folder without bundle.json"),
        ("weights.pth", "found a file .pth"),
        ("weights", "found a file without ending"),
    ],
)
def test_what_is_no_weights_is_refused_before_keras_is_there(name, said, tmp_path):
    (tmp_path / "folder").mkdir()
    for file in ("weights.pth", "weights"):
        (tmp_path / file).touch()

    with pytest.raises(ConfigError, match=f"network.weights: .*{name}: expected .*{said}"):
        find_weights(from_file(tmp_path / name))


def test_a_start_is_checked_without_keras(bundle):
    code = (
        "import sys; from layer2_train.weights import check_start; "
        "from layer2_train.settings.network import NetworkSettings as N; "
        f"check_start(N(name='camnet_small', weights={str(bundle)!r}), 16); "
        "sys.exit('keras' in sys.modules)"
    )

    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_start_with_too_small_patches_is_refused():
    with pytest.raises(ConfigError, match="16 px or more"):
        check_start(NetworkSettings(name="camnet_small"), 15)


def test_a_published_file_is_known_by_its_name_wherever_it_lies(bundle, tmp_path):
    file = tmp_path / "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5"
    shutil.copy(bundle / "model.keras", file)
    settings = NetworkSettings(name="resnet50", weights=str(file))

    with pytest.raises(ContractError, match="MD5: expected 4d473c1dd8be"):
        load_weights(build(settings, 32), settings)
