from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import applications

from layer2_train.architectures import scaling
from layer2_train.architectures.head import patches

PIXELS = np.random.default_rng(0).uniform(0, 255, (2, 4, 4, 3)).astype(np.float32)


def scaled(layer):
    image = patches(4)
    return np.asarray(keras.Model(image, layer(image))(PIXELS))


@pytest.mark.parametrize(
    ("layer", "keras_own"),
    [(scaling.symmetric, applications.inception_v3), (scaling.standardised, applications.densenet)],
)
def test_pixels_become_what_keras_makes_of_them(layer, keras_own):
    assert np.allclose(scaled(layer), keras_own.preprocess_input(PIXELS.copy()), atol=1e-5)


def test_channels_are_centred_as_caffe_does_but_stay_in_order():
    theirs = applications.resnet.preprocess_input(PIXELS.copy())

    assert np.allclose(scaled(scaling.centred), theirs[..., ::-1], atol=1e-4)


def test_pixels_are_scaled_in_full_precision():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        assert scaling.centred(patches(4)).dtype == "float32"
    finally:
        keras.config.set_dtype_policy(before)
