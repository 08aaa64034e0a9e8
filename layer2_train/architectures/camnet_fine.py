"""A residual network of about 290,000 weights that looks at every pixel of small patches.

`camnet_small` halves a patch in its first convolution. At 1 um/px a nucleus is 8 px across, and
its texture is lost by that: kept at full size, patches of PatchCamelyon are told apart better, for
about four times the arithmetic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from layer2_train.architectures.head import finish, patches
from layer2_train.architectures.residual import activated, block, convolved
from layer2_train.architectures.scaling import symmetric

if TYPE_CHECKING:
    from layer2_train.architectures import Architecture
    from layer2_train.settings.network import NetworkSettings

CAM_LAYER: Final = "head_conv"
_STEM: Final = 24
_WIDTHS: Final = (24, 48, 72, 96)
_HEAD: Final = 96


def build(settings: NetworkSettings, patch_size: int) -> Architecture:
    """The untrained network: (B, S, S, 3) float32, 0 to 255 -> (B, 1) probability of tumour."""
    image = patches(patch_size)
    x = activated(convolved(symmetric(image), _STEM, "stem"), "stem")
    for number, width in enumerate(_WIDTHS, start=1):
        x = block(x, width, f"block{number}")
    x = activated(convolved(x, _HEAD, "head", kernel=1), "head")
    return finish(image, x, settings, CAM_LAYER)
