"""A residual network of about 240,000 weights, for two CPU cores and small patches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from layer2_train.architectures.head import finish, patches
from layer2_train.architectures.residual import activated, block, convolved
from layer2_train.architectures.scaling import symmetric

if TYPE_CHECKING:
    from layer2_train.architectures import Architecture
    from layer2_train.settings.network import NetworkSettings

CAM_LAYER: Final = "head_conv"
_STEM: Final = 32
_WIDTHS: Final = (32, 64, 96)
_HEAD: Final = 128


def build(settings: NetworkSettings, patch_size: int) -> Architecture:
    """The untrained network: (B, S, S, 3) float32, 0 to 255 -> (B, 1) probability of tumour."""
    image = patches(patch_size)
    x = activated(convolved(symmetric(image), _STEM, "stem", stride=2), "stem")
    for number, width in enumerate(_WIDTHS, start=1):
        x = block(x, width, f"block{number}")
    x = activated(convolved(x, _HEAD, "head", kernel=1), "head")
    return finish(image, x, settings, CAM_LAYER)
