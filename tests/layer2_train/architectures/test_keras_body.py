from __future__ import annotations

from keras import applications

from layer2_train.architectures.head import patches
from layer2_train.architectures.keras_body import body
from layer2_train.architectures.scaling import centred


def layers():
    import keras

    image = patches(32)
    return keras.Model(image, body(applications.ResNet50, centred(image))).layers


def test_names_do_not_depend_on_what_was_built_before():
    assert [layer.name for layer in layers()] == [layer.name for layer in layers()]
