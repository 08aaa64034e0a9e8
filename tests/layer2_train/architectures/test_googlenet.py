from __future__ import annotations

import math

import pytest

from layer2_train.architectures import AUXILIARY_WEIGHT, googlenet
from layer2_train.config import NetworkSettings

# Szegedy et al. 2015, table 1, column "params", in units of 1024. From 3b on it is not what the
# columns before it give, but near; of conv1 it says 2.7, where 7 x 7 from 3 to 64 channels has 9.2.
PUBLISHED = {
    "conv2": 112,
    "inception_3a": 159,
    "inception_3b": 380,
    "inception_4a": 364,
    "inception_4b": 437,
    "inception_4c": 463,
    "inception_4d": 580,
    "inception_4e": 840,
    "inception_5a": 1072,
    "inception_5b": 1388,
}
EXACT = ("conv2", "inception_3a")


@pytest.fixture(scope="module")
def built():
    return googlenet.build(NetworkSettings(name="googlenet"), 224)


def convolutions(built, stage=""):
    return [
        layer
        for layer in built.network.layers
        if layer.name.startswith(stage) and layer.name.endswith("_conv")
    ]


@pytest.mark.parametrize(("stage", "published"), PUBLISHED.items())
def test_a_stage_has_the_published_number_of_weights(built, stage, published):
    found = sum(math.prod(layer.kernel.shape) for layer in convolutions(built, stage)) / 1024

    assert found == pytest.approx(published, rel=0.08)
    assert math.floor(found) == published or stage not in EXACT


def test_all_weights_with_biases_and_a_thousand_classes_are_those_of_the_bvlc_model(built):
    """6,998,552: ethereon.github.io/netscope of BVLC GoogLeNet, in Caffe's model zoo."""
    own = convolutions(built)
    weights = sum(math.prod(layer.kernel.shape) for layer in own)
    biases = sum(layer.filters for layer in own)

    assert weights + biases + (1024 + 1) * 1000 == 6_998_552


# Szegedy et al. 2015, table 1, column "output size"
@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        ("conv1_relu", (112, 112, 64)),
        ("pool1", (56, 56, 64)),
        ("conv2_relu", (56, 56, 192)),
        ("inception_3a", (28, 28, 256)),
        ("inception_4a", (14, 14, 512)),
        ("inception_5b", (7, 7, 1024)),
    ],
)
def test_a_stage_gives_maps_of_the_published_size(built, layer, shape):
    assert built.network.get_layer(layer).output.shape[1:] == shape


def test_two_classifiers_half_way_help_in_training_alone(built):
    assert [output.shape for output in built.auxiliary] == [(None, 1), (None, 1)]
    assert AUXILIARY_WEIGHT == 0.3
    assert not any("auxiliary" in layer.name for layer in built.network.layers)


@pytest.mark.parametrize("size", [32, 64])
def test_classifiers_half_way_pool_small_maps_whole(size):
    small = googlenet.build(NetworkSettings(name="googlenet"), size)

    assert len(small.auxiliary) == 2
