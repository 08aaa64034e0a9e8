from __future__ import annotations

import pytest
from pydantic import ValidationError

from layer2_train.settings.network import NetworkSettings


@pytest.mark.parametrize("name", ["camnet_small", "googlenet"])
def test_imagenet_weights_that_nobody_publishes_are_refused(name):
    with pytest.raises(ValidationError, match=f"no ImageNet weights for {name}; there are for"):
        NetworkSettings(name=name, weights="imagenet")


def test_weights_are_chance_what_keras_publishes_or_a_file():
    assert NetworkSettings().weights == "none"
    assert NetworkSettings(weights="imagenet").weights == "imagenet"
    assert NetworkSettings(name="googlenet", weights="runs/a/bundle").weights == "runs/a/bundle"


def test_a_misspelt_network_is_answered_with_the_closest():
    with pytest.raises(ValidationError, match="Did you mean 'densenet121'"):
        NetworkSettings(name="densnet121")
