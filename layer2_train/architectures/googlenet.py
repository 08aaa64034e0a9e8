"""GoogLeNet, that is Inception v1 (Szegedy et al. 2015, doi:10.1109/CVPR.2015.7298594).

The layers of the article's table 1, with its two auxiliary classifiers in training. Two things
differ: every convolution is followed by batch normalisation, as in Ioffe and Szegedy 2015
(arXiv:1502.03167), which takes the place of its bias and of the two local response normalisations,
and the last pooling is over maps of any size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from keras import layers

from layer2_train.architectures.head import finish, patches, tumor
from layer2_train.architectures.scaling import symmetric

if TYPE_CHECKING:
    from layer2_train.architectures import Architecture
    from layer2_train.settings.network import NetworkSettings

CAM_LAYER: Final = "inception_5b"
_MODULES: Final = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}
"""Channels: 1 x 1; before and of 3 x 3; before and of 5 x 5; of pooling."""
_HALVED_AFTER: Final = ("3b", "4e")
_AUXILIARY_AFTER: Final = ("4a", "4d")
_AUXILIARY_DROPOUT: Final = 0.7
_MOMENTUM: Final = 0.95
"""Of the running means. Keras' 0.99 needs 500 steps to settle, and a small cohort has fewer."""


def build(settings: NetworkSettings, patch_size: int) -> Architecture:
    """The untrained network: (B, S, S, 3) float32, 0 to 255 -> (B, 1) probability of tumour."""
    image = patches(patch_size)
    x = _halved(_conv(symmetric(image), 64, 7, "conv1", stride=2), "pool1")
    x = _conv(_conv(x, 64, 1, "conv2_reduce"), 192, 3, "conv2")
    x = _halved(x, "pool2")
    auxiliary = []
    for name, channels in _MODULES.items():
        x = _inception(x, channels, f"inception_{name}")
        if name in _AUXILIARY_AFTER:
            auxiliary.append(_auxiliary(x, f"auxiliary_{name}"))
        if name in _HALVED_AFTER:
            x = _halved(x, f"pool_{name}")
    return finish(image, x, settings, CAM_LAYER, auxiliary=tuple(auxiliary))


def _inception(x: Any, channels: tuple[int, ...], name: str) -> Any:
    one, before_three, three, before_five, five, after_pool = channels
    pooled = layers.MaxPooling2D(3, strides=1, padding="same", name=f"{name}_pool")(x)
    branches = [
        _conv(x, one, 1, f"{name}_1x1"),
        _conv(_conv(x, before_three, 1, f"{name}_3x3_reduce"), three, 3, f"{name}_3x3"),
        _conv(_conv(x, before_five, 1, f"{name}_5x5_reduce"), five, 5, f"{name}_5x5"),
        _conv(pooled, after_pool, 1, f"{name}_pool_proj"),
    ]
    return layers.Concatenate(name=name)(branches)


def _auxiliary(x: Any, name: str) -> Any:
    """An answer from half-way; small maps are pooled whole."""
    edge = min(5, x.shape[1])
    x = layers.AveragePooling2D(edge, strides=3, name=f"{name}_pool")(x)
    x = layers.Flatten(name=f"{name}_flatten")(_conv(x, 128, 1, name))
    x = layers.Dense(1024, activation="relu", name=f"{name}_dense")(x)
    x = layers.Dropout(_AUXILIARY_DROPOUT, name=f"{name}_dropout")(x)
    return tumor(x, f"{name}_tumor")


def _halved(x: Any, name: str) -> Any:
    return layers.MaxPooling2D(3, strides=2, padding="same", name=name)(x)


def _conv(x: Any, width: int, kernel: int, name: str, *, stride: int = 1) -> Any:
    convolution = layers.Conv2D(
        width, kernel, strides=stride, padding="same", use_bias=False, name=f"{name}_conv"
    )
    x = layers.BatchNormalization(momentum=_MOMENTUM, name=f"{name}_norm")(convolution(x))
    return layers.Activation("relu", name=f"{name}_relu")(x)
