"""DenseNet-121 (Huang et al. 2017, doi:10.1109/CVPR.2017.243), as Keras has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from keras import applications

from layer2_train.architectures.head import finish, patches
from layer2_train.architectures.keras_body import body
from layer2_train.architectures.scaling import standardised

if TYPE_CHECKING:
    from layer2_train.architectures import Architecture
    from layer2_train.settings.network import NetworkSettings

CAM_LAYER: Final = "relu"


def build(settings: NetworkSettings, patch_size: int) -> Architecture:
    """The untrained network: (B, S, S, 3) float32, 0 to 255 -> (B, 1) probability of tumour."""
    image = patches(patch_size)
    maps = body(applications.DenseNet121, standardised(image))
    return finish(image, maps, settings, CAM_LAYER)
