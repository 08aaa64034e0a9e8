from __future__ import annotations

from layer2_train.architectures import resnet50
from layer2_train.config import NetworkSettings


def test_has_the_layers_of_resnet50_in_one_model():
    network = resnet50.build(NetworkSettings(name="resnet50"), 64)

    convolutions = [layer for layer in network.layers if layer.name.endswith("_conv")]
    assert len(convolutions) == 1 + 4 + 3 * (3 + 4 + 6 + 3)
    assert network.get_layer(resnet50.CAM_LAYER).output.shape == (None, 2, 2, 2048)
