"""ResNet-50 (He et al. 2016, doi:10.1109/CVPR.2016.90), as Keras has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from keras import Input, Model, applications, layers

if TYPE_CHECKING:
    from layer2_train.config import NetworkSettings

CAM_LAYER: Final = "conv5_block3_3_conv"


def build(settings: NetworkSettings, patch_size: int) -> Model:
    """The untrained network: (B, S, S, 3) float32, 0 to 255 -> (B, 1) probability of tumour.

    Keras' layers are laid on our own input, so that all of them are in one flat model: class
    activation maps cannot look into a model that is a layer of another.
    """
    image = Input((patch_size, patch_size, 3), name="image")
    scaled = layers.Rescaling(1 / 127.5, offset=-1, name="rescaling")(image)
    body = applications.ResNet50(include_top=False, weights=None, input_tensor=scaled)  # type: ignore[arg-type]
    x = layers.GlobalAveragePooling2D(name="pooling")(body.output)
    x = layers.Dropout(settings.dropout, name="dropout")(x)
    tumor = layers.Dense(1, activation="sigmoid", name="tumor")(x)
    return Model(image, tumor, name="resnet50")
