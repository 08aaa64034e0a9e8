"""The networks a configuration can name.

Names resolve to modules without importing Keras, so a configuration can be checked on a login node
that has no Keras. A network is one module with a function `build` and the name `CAM_LAYER` of its
last convolution, and one line here.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from common.errors import unknown_name

if TYPE_CHECKING:
    from layer2_train.config import NetworkSettings

MODULES: Final = {
    "camnet_small": "layer2_train.architectures.camnet_small",
    "resnet50": "layer2_train.architectures.resnet50",
}


@dataclass(frozen=True)
class Architecture:
    """An untrained network.

    Attributes
    ----------
    network : keras.Model
        Flat and functional, of Keras' own layers: (B, S, S, 3) float32, 0 to 255 -> (B, 1), the
        probability of tumour.
    cam_layer : str
        Name of its last convolution.
    """

    network: Any
    cam_layer: str


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
    if name in MODULES:
        return name
    raise unknown_name("network", name, MODULES)


def build(settings: NetworkSettings, patch_size: int) -> Architecture:
    """Build the network that `settings` names for patches of `patch_size` px.

    Its first weights depend on Keras' seed (`keras.utils.set_random_seed`).
    """
    module = import_module(MODULES[check_name(settings.name)])
    return Architecture(module.build(settings, patch_size), module.CAM_LAYER)
