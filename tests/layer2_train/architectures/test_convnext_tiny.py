from __future__ import annotations

import numpy as np

from layer2_train.architectures import build
from layer2_train.config import NetworkSettings


def test_has_the_published_number_of_parameters(millions):
    assert millions("convnext_tiny") == 28.6  # keras.io/api/applications, column "Parameters"


def test_sees_with_published_weights_what_keras_sees(seen):
    ours, theirs = seen("convnext_tiny", "norm", size=32)

    # Keras normalises maps, not what is pooled of them; of maps with one place that is the same
    assert np.allclose(ours, theirs[:, 0, 0], rtol=1e-4, atol=1e-5)


def test_residuals_are_left_out_the_more_often_the_deeper_they_are():
    network = build(NetworkSettings(name="convnext_tiny"), 32).network

    drops = [layer for layer in network.layers if layer.name.endswith("_drop")]
    assert np.allclose([layer.rate for layer in drops], np.linspace(0, 0.1, 18))
    assert all(layer.noise_shape == (None, 1, 1, 1) for layer in drops)
