"""The networks a configuration can name.

Names, sizes and files of weights are told without importing Keras, so a configuration can be
checked on a login node that has no Keras. A network is one module of its name here, with a function
`build` and the name `CAM_LAYER` of the layer whose maps its answer is made from, and one line in
`NETWORKS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from common.errors import ConfigError, unknown_name

if TYPE_CHECKING:
    from layer2_train.settings.network import NetworkSettings

POOLING: Final = "pooling"
"""The layer in which maps become features of the patch; all before it is the body."""
OUTPUT: Final = "tumor"
AUXILIARY_WEIGHT: Final = 0.3
"""Of the loss of each auxiliary output (Szegedy et al. 2015, section 5)."""


@dataclass(frozen=True)
class ImageNet:
    """Weights that Keras publishes.

    Attributes
    ----------
    application : str
        The function of `keras.applications` that has them.
    file : str
        Name of the file without the top in Keras' cache.
    digest : str
        MD5 or SHA-256 of it, as Keras gives it, hexadecimal.
    bgr : bool
        Whether they were learned from images whose first channel is blue.
    """

    application: str
    file: str
    digest: str
    bgr: bool = False


@dataclass(frozen=True)
class Listed:
    """What is known of a network before it is built.

    Attributes
    ----------
    smallest : int, px
        Edge of the smallest patch that leaves it a feature map.
    imagenet : ImageNet or None
    """

    smallest: int
    imagenet: ImageNet | None = None


def _tf(name: str) -> str:
    return f"{name}_weights_tf_dim_ordering_tf_kernels_notop.h5"


NETWORKS: Final = {
    "camnet_fine": Listed(16),
    "camnet_small": Listed(16),
    "convnext_tiny": Listed(
        32,
        ImageNet(
            "ConvNeXtTiny",
            "convnext_tiny_notop.h5",
            "d547c096cabd03329d7be5562c5e14798aa39ed24b474157cef5e85ab9e49ef1",
        ),
    ),
    "densenet121": Listed(
        32, ImageNet("DenseNet121", _tf("densenet121"), "30ee3e1110167f948a6b9946edeeb738")
    ),
    "efficientnet_v2b0": Listed(
        32,
        ImageNet(
            "EfficientNetV2B0", "efficientnetv2-b0_notop.h5", "893217f2bb855e2983157299931e43ff"
        ),
    ),
    "googlenet": Listed(32),
    "inception_resnet_v2": Listed(
        75,
        ImageNet(
            "InceptionResNetV2", _tf("inception_resnet_v2"), "d19885ff4a710c122648d3b5c3b684e4"
        ),
    ),
    "inception_v3": Listed(
        75, ImageNet("InceptionV3", _tf("inception_v3"), "bcbd6486424b2319ff4ef7d526e38f63")
    ),
    "resnet101": Listed(
        32, ImageNet("ResNet101", _tf("resnet101"), "88cf7a10940856eca736dc7b7e228a21", bgr=True)
    ),
    "resnet50": Listed(
        32, ImageNet("ResNet50", _tf("resnet50"), "4d473c1dd8becc155b73f8504c6f6626", bgr=True)
    ),
}


@dataclass(frozen=True)
class Architecture:
    """An untrained network.

    Attributes
    ----------
    network : keras.Model
        Flat and functional, of Keras' own layers: (B, S, S, 3) float32, 0 to 255 -> (B, 1), the
        probability of tumour, float32 whatever the dtype policy.
    cam_layer : str
        Name of the layer whose maps, (B, h, w, C), its answer is made from.
    auxiliary : tuple of KerasTensor
        Further answers on the same graph, (B, 1) each, that training alone uses; the loss of each
        weighs `AUXILIARY_WEIGHT`.
    """

    network: Any
    cam_layer: str
    auxiliary: tuple[Any, ...] = ()


def check_name(name: str) -> str:
    """Return `name` if a network goes by it.

    Raises
    ------
    ConfigError
        Naming the closest known network, and all of them.

    Examples
    --------
    >>> check_name("resnet50")
    'resnet50'
    """
    if name in NETWORKS:
        return name
    raise unknown_name("network", name, NETWORKS)


def published(name: str) -> ImageNet:
    """What Keras publishes for a network.

    Raises
    ------
    ConfigError
        If it publishes nothing, naming the networks it does for.
    """
    found = NETWORKS[check_name(name)].imagenet
    if found is None:
        known = ", ".join(other for other, listed in NETWORKS.items() if listed.imagenet)
        raise ConfigError(f"there are no ImageNet weights for {name}; there are for {known}")
    return found


def check_patch_size(name: str, patch_size: int) -> None:
    """Refuse patches that are too small for a network.

    Raises
    ------
    ConfigError
        Naming the smallest it takes, and the networks that take these.
    """
    smallest = NETWORKS[name].smallest
    if patch_size >= smallest:
        return
    others = [other for other, listed in NETWORKS.items() if listed.smallest <= patch_size]
    known = f"a network that takes these: {', '.join(others)}" if others else "larger patches"
    raise ConfigError(
        f"network.name: expected patches of {smallest} px or more for {name}, "
        f"found {patch_size} px. Give {known}"
    )


def build(settings: NetworkSettings, patch_size: int) -> Architecture:
    """Build the network that `settings` names for patches of `patch_size` px.

    Its first weights depend on Keras' seed (`keras.utils.set_random_seed`).

    Raises
    ------
    ConfigError
        If the patches are too small for it.
    """
    check_patch_size(check_name(settings.name), patch_size)
    module = import_module(f"layer2_train.architectures.{settings.name}")
    return module.build(settings, patch_size)
