from __future__ import annotations

from layer2_train.architectures import build, resnet101
from layer2_train.config import NetworkSettings


def test_has_the_published_number_of_parameters(millions):
    assert millions("resnet101") == 44.7  # keras.io/api/applications, column "Parameters"


def test_is_deeper_than_resnet50_in_its_third_stage():
    network = build(NetworkSettings(name="resnet101"), 64).network

    convolutions = [layer for layer in network.layers if layer.name.endswith("_conv")]
    assert len(convolutions) == 1 + 4 + 3 * (3 + 4 + 23 + 3)
    assert network.get_layer(resnet101.CAM_LAYER).output.shape == (None, 2, 2, 2048)
