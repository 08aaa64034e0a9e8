"""What a network starts from: chance, ImageNet, or a file."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from common.errors import ConfigError
from common.files import sha256
from common.model_bundle import MANIFEST, NETWORK, read_bundle
from layer2_train import imagenet
from layer2_train.architectures import NETWORKS, check_patch_size
from layer2_train.settings.network import IMAGENET, NONE
from layer2_train.weight_files import arrays_by_layer

if TYPE_CHECKING:
    from layer2_train.architectures import Architecture
    from layer2_train.settings.network import NetworkSettings

_KEY: Final = "network.weights"
_KINDS: Final = (".keras", ".h5")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Start:
    """The weights a network began with.

    Attributes
    ----------
    source : str
        Name of their file or bundle; empty where they are random.
    sha256 : str
        Of that file.
    taken, random : tuple of str
        Layers that have weights of it, and layers that do not.
    """

    source: str = ""
    sha256: str = ""
    taken: tuple[str, ...] = ()
    random: tuple[str, ...] = ()


def find_weights(settings: NetworkSettings) -> Path | None:
    """The file or bundle that `settings` starts from; None for random weights.

    Imports no Keras and reads no weights.

    Raises
    ------
    ConfigError
        If it is not there, or is not a file of weights by its name.
    """
    if settings.weights == NONE:
        return None
    if settings.weights == IMAGENET:
        return imagenet.find_cached(settings.name)
    path = Path(settings.weights).expanduser()
    found = None
    if path.is_dir():
        found = None if (path / MANIFEST).is_file() else f"a folder without {MANIFEST}"
    elif not path.exists():
        found = "nothing there"
    elif path.suffix not in _KINDS:
        found = f"a file {path.suffix or 'without ending'}"
    if found:
        raise ConfigError(
            f"{_KEY}: {path}: expected a model bundle, a .keras file or an .h5 file of weights, "
            f"found {found}. Give one, or none, or imagenet"
        )
    return path


def check_start(settings: NetworkSettings, patch_size: int) -> None:
    """Refuse a network that takes no such patches, or whose weights are not there.

    Imports no Keras and reads no weights.

    Raises
    ------
    ConfigError
        Saying what to give.
    """
    check_patch_size(settings.name, patch_size)
    find_weights(settings)


def load_weights(architecture: Architecture, settings: NetworkSettings) -> Start:
    """Give a network the weights that `settings` starts from.

    Of a file, those layers are taken that have the name and the shapes of a layer of the network;
    the log says which are not.

    Raises
    ------
    ConfigError
        If the file is not there, belongs to another network, or has no such layer.
    ContractError
        If it is damaged.
    """
    path = find_weights(settings)
    if path is None:
        return Start()
    network = architecture.network
    listed = NETWORKS[settings.name].imagenet
    if listed and path.name == listed.file:
        file, taken = path, imagenet.load(network, settings.name, path)
    else:
        file = _network_of_bundle(path, settings.name) if path.is_dir() else path
        taken = _take(architecture, file, settings.name)
    random = [own.name for own in network.layers if own.weights and own.name not in taken]
    log.info("%s: weights of %d layers; random: %s", path, len(taken), _listed(random))
    return Start(path.name, sha256(file), tuple(taken), tuple(random))


def _network_of_bundle(path: Path, name: str) -> Path:
    manifest = read_bundle(path).manifest
    if manifest.architecture != name:
        raise ConfigError(
            f"{_KEY}: {path}: expected a bundle of {name}, found one of {manifest.architecture}. "
            "Give the same in network.name"
        )
    return path / NETWORK


def _take(architecture: Architecture, path: Path, name: str) -> list[str]:
    """Assign what fits, and return the names of the layers that took it."""
    arrays, taken, others = arrays_by_layer(path), [], []
    for layer in architecture.network.layers:
        own = arrays.get(layer.name, [])
        if not layer.weights:
            continue
        if [tuple(weight.shape) for weight in layer.weights] == [array.shape for array in own]:
            layer.set_weights(own)
            taken.append(layer.name)
        elif own:
            others.append(layer.name)
    if not taken:
        raise ConfigError(
            f"{_KEY}: {path}: expected weights of {name}, found {len(arrays)} layers, none of its "
            f"names and shapes: {_listed(list(arrays))}. Give a file of that network"
        )
    if others:
        log.warning("%s: other shapes, not taken: %s", path, _listed(others))
    return taken


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f"{', '.join(names[:5])}{more}" or "none"
