"""Beginning and end that all networks share: patches in, one probability out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keras import Input, Model, initializers, layers

from layer2_train.architectures import OUTPUT, POOLING, Architecture

if TYPE_CHECKING:
    from layer2_train.settings.network import NetworkSettings


def patches(patch_size: int) -> Any:
    """The input: (B, S, S, 3) float32, 0 to 255."""
    return Input((patch_size, patch_size, 3), name="image")


def finish(
    image: Any,
    maps: Any,
    settings: NetworkSettings,
    cam_layer: str,
    *,
    norm: bool = False,
    auxiliary: tuple[Any, ...] = (),
) -> Architecture:
    """Put pooling and the probability of tumour on the last feature maps.

    Parameters
    ----------
    image : KerasTensor
        What `patches` gave.
    maps : KerasTensor
        (B, h, w, C), the last of the body.
    settings : NetworkSettings
    cam_layer : str
    norm : bool
        Whether features are brought to mean 0 and variance 1 over a patch, then scaled.
    auxiliary : tuple of KerasTensor
    """
    x = _pooled(maps, settings.pooling)
    if norm:
        x = layers.LayerNormalization(epsilon=1e-6, name="norm")(x)
    x = layers.Dropout(settings.dropout, name="dropout")(x)
    return Architecture(Model(image, tumor(x, OUTPUT), name=settings.name), cam_layer, auxiliary)


def tumor(features: Any, name: str) -> Any:
    """The probability of tumour: (B, C) -> (B, 1) float32."""
    return layers.Dense(1, activation="sigmoid", dtype="float32", name=name)(features)


def _pooled(maps: Any, how: str) -> Any:
    """Features of all places become those of the patch: (B, h, w, C) -> (B, C)."""
    if how == "average":
        return layers.GlobalAveragePooling2D(name=POOLING)(maps)
    height, width = maps.shape[1:3]
    weighted = layers.DepthwiseConv2D(
        (height, width),
        use_bias=False,
        depthwise_initializer=initializers.Constant(1 / (height * width)),  # type: ignore[arg-type]
        name=POOLING,
    )
    return layers.Flatten(name="flatten")(weighted(maps))
