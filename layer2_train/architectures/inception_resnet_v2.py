"""Inception-ResNet V2 (Szegedy et al. 2017, doi:10.1609/aaai.v31i1.11231).

The layers of Keras' network of that name, in their order, so that its weights fit. Keras scales
residuals with a layer of its own that it does not load by itself; here they are scaled by standard
ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from keras import layers

from layer2_train.architectures.head import finish, patches
from layer2_train.architectures.scaling import symmetric

if TYPE_CHECKING:
    from layer2_train.architectures import Architecture
    from layer2_train.settings.network import NetworkSettings

CAM_LAYER: Final = "conv_7b_relu"
_Kernel = int | tuple[int, int]
_Branch = tuple[tuple[int, _Kernel], ...]
_A: Final[tuple[_Branch, ...]] = (
    ((32, 1),),
    ((32, 1), (32, 3)),
    ((32, 1), (48, 3), (64, 3)),
)
_B: Final[tuple[_Branch, ...]] = (((192, 1),), ((128, 1), (160, (1, 7)), (192, (7, 1))))
_C: Final[tuple[_Branch, ...]] = (((192, 1),), ((192, 1), (224, (1, 3)), (256, (3, 1))))
"""Channels and kernels of the branches of a residual block, by stage."""


def build(settings: NetworkSettings, patch_size: int) -> Architecture:
    """The untrained network: (B, S, S, 3) float32, 0 to 255 -> (B, 1) probability of tumour."""
    image = patches(patch_size)
    x = _mixed_5b(_stem(symmetric(image)))
    for number in range(1, 11):
        x = _residual(x, _A, 0.17, f"block35_{number}")
    x = _halved(x, (((384, 3),), ((256, 1), (256, 3), (384, 3))), "mixed_6a")
    for number in range(1, 21):
        x = _residual(x, _B, 0.1, f"block17_{number}")
    branches = (((256, 1), (384, 3)), ((256, 1), (288, 3)), ((256, 1), (288, 3), (320, 3)))
    x = _halved(x, branches, "mixed_7a")
    for number in range(1, 10):
        x = _residual(x, _C, 0.2, f"block8_{number}")
    x = _residual(x, _C, 1.0, "block8_10", relu=False)
    return finish(image, _conv(x, 1536, 1, "conv_7b"), settings, CAM_LAYER)


def _stem(x: Any) -> Any:
    x = _conv(x, 32, 3, "stem_1", stride=2, padding="valid")
    x = _conv(x, 32, 3, "stem_2", padding="valid")
    x = _conv(x, 64, 3, "stem_3")
    x = layers.MaxPooling2D(3, strides=2, name="stem_pool_1")(x)
    x = _conv(x, 80, 1, "stem_4", padding="valid")
    x = _conv(x, 192, 3, "stem_5", padding="valid")
    return layers.MaxPooling2D(3, strides=2, name="stem_pool_2")(x)


def _mixed_5b(x: Any) -> Any:
    name = "mixed_5b"
    pooled = layers.AveragePooling2D(3, strides=1, padding="same", name=f"{name}_pool")(x)
    branches: tuple[_Branch, ...] = (((96, 1),), ((48, 1), (64, 5)), ((64, 1), (96, 3), (96, 3)))
    ends = _branches(x, branches, name)
    return layers.Concatenate(name=name)([*ends, _conv(pooled, 64, 1, f"{name}_pool")])


def _halved(x: Any, branches: tuple[_Branch, ...], name: str) -> Any:
    """Half the edge: the last convolution of each branch, and a pooling, in steps of 2."""
    pooled = layers.MaxPooling2D(3, strides=2, name=f"{name}_pool")(x)
    ends = _branches(x, branches, name, last={"stride": 2, "padding": "valid"})
    return layers.Concatenate(name=name)([*ends, pooled])


def _residual(
    x: Any, branches: tuple[_Branch, ...], scale: float, name: str, *, relu: bool = True
) -> Any:
    mixed = layers.Concatenate(name=f"{name}_mixed")(_branches(x, branches, name))
    up = layers.Conv2D(x.shape[-1], 1, name=f"{name}_up_conv")(mixed)
    up = layers.Rescaling(scale, name=f"{name}_up_scale")(up)
    x = layers.Add(name=f"{name}_add")([x, up])
    return layers.Activation("relu", name=f"{name}_relu")(x) if relu else x


def _branches(
    x: Any, branches: tuple[_Branch, ...], name: str, last: dict[str, Any] | None = None
) -> list[Any]:
    ends = []
    for number, branch in enumerate(branches, start=1):
        end = x
        for place, (width, kernel) in enumerate(branch, start=1):
            options = (last or {}) if place == len(branch) else {}
            end = _conv(end, width, kernel, f"{name}_{number}_{place}", **options)
        ends.append(end)
    return ends


def _conv(
    x: Any, width: int, kernel: _Kernel, name: str, *, stride: int = 1, padding: str = "same"
) -> Any:
    convolution = layers.Conv2D(
        width, kernel, strides=stride, padding=padding, use_bias=False, name=f"{name}_conv"
    )
    x = layers.BatchNormalization(scale=False, name=f"{name}_norm")(convolution(x))
    return layers.Activation("relu", name=f"{name}_relu")(x)
