"""ConvNeXt-T (Liu et al. 2022, doi:10.1109/CVPR52688.2022.01167).

The layers of Keras' network of that name, in their order, so that its weights fit; but flat, and
of standard layers alone: Keras does not load its own layers for the scale of residuals and for
leaving them out at random by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from keras import initializers, layers

from layer2_train.architectures.head import finish, patches
from layer2_train.architectures.scaling import standardised

if TYPE_CHECKING:
    from layer2_train.architectures import Architecture
    from layer2_train.settings.network import NetworkSettings

_DEPTHS: Final = (3, 3, 9, 3)
_WIDTHS: Final = (96, 192, 384, 768)
_LEFT_OUT: Final = 0.1
"""Chance that the last residual of all is left out in training; it falls to 0 at the first."""
_FIRST_SCALE: Final = 1e-6
CAM_LAYER: Final = "stage4_block3_add"


def build(settings: NetworkSettings, patch_size: int) -> Architecture:
    """The untrained network: (B, S, S, 3) float32, 0 to 255 -> (B, 1) probability of tumour."""
    image = patches(patch_size)
    x = layers.Conv2D(_WIDTHS[0], 4, strides=4, name="stem_conv")(standardised(image))
    x = _norm(x, "stem_norm")
    done, last = 0, sum(_DEPTHS) - 1
    for stage, (depth, width) in enumerate(zip(_DEPTHS, _WIDTHS, strict=True), start=1):
        if stage > 1:
            x = _norm(x, f"stage{stage}_norm")
            x = layers.Conv2D(width, 2, strides=2, name=f"stage{stage}_conv")(x)
        for block in range(1, depth + 1):
            x = _block(x, width, _LEFT_OUT * done / last, f"stage{stage}_block{block}")
            done += 1
    return finish(image, x, settings, CAM_LAYER, norm=True)


def _block(inputs: Any, width: int, left_out: float, name: str) -> Any:
    """A depthwise convolution and two dense layers beside a shortcut."""
    x = layers.DepthwiseConv2D(7, padding="same", name=f"{name}_depthwise")(inputs)
    x = layers.Dense(4 * width, name=f"{name}_expand")(_norm(x, f"{name}_norm"))
    x = layers.Activation("gelu", name=f"{name}_gelu")(x)
    x = layers.Dense(width, name=f"{name}_project")(x)
    x = layers.EinsumDense(
        "bhwc,c->bhwc",
        output_shape=tuple(inputs.shape[1:]),
        kernel_initializer=initializers.Constant(_FIRST_SCALE),  # type: ignore[arg-type]
        name=f"{name}_scale",
    )(x)
    x = layers.Dropout(left_out, noise_shape=(None, 1, 1, 1), name=f"{name}_drop")(x)
    return layers.Add(name=f"{name}_add")([inputs, x])


def _norm(x: Any, name: str) -> Any:
    return layers.LayerNormalization(epsilon=1e-6, name=name)(x)
