"""Weights as files hold them, by layer, as NumPy arrays."""

from __future__ import annotations

import re
import zipfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from common.errors import DAMAGE, ContractError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    import numpy.typing as npt

Arrays = dict[str, "list[npt.NDArray[Any]]"]
_VARIABLES: Final = "vars"


def arrays_by_layer(path: Path) -> Arrays:
    """The weights of each layer that has some, by its name.

    Parameters
    ----------
    path : Path
        ``.keras``, ``.weights.h5`` or ``.h5``.

    Raises
    ------
    ContractError
        If the file is damaged, or another thing, or does not name its layers.
    """
    if path.suffix == ".keras":
        return _of_network(path)
    with _hdf5(path) as file:
        found = dict(_named(file) if _is_legacy(file) else _new(file))
    if not found:
        advice = "Give the .keras file, or save the weights with a newer Keras"
        raise ContractError(path, "layers", "weights with the names of layers", "none", advice)
    return found


def arrays_in_order(path: Path) -> list[npt.NDArray[Any]]:
    """The weights of all layers of a legacy ``.h5``, in the order of its layers.

    Raises
    ------
    ContractError
        If the file is damaged, or another thing.
    """
    with _hdf5(path) as file:
        return [array for _, arrays in _named(file) for array in arrays]


def _of_network(path: Path) -> Arrays:
    import keras

    try:
        network: Any = keras.saving.load_model(path, compile=False, safe_mode=True)
    except (*DAMAGE, zipfile.BadZipFile) as error:
        raise _unreadable(path, "a network Keras loads", error) from error
    found: Arrays = {
        layer.name: [np.asarray(keras.ops.convert_to_numpy(weight)) for weight in layer.weights]
        for layer in _leaves(network)
        if layer.weights
    }
    return found


def _leaves(network: Any) -> Iterator[Any]:
    """Layers of a network, and of networks that are layers of it."""
    for layer in network.layers:
        if hasattr(layer, "layers"):
            yield from _leaves(layer)
        else:
            yield layer


@contextmanager
def _hdf5(path: Path) -> Generator[Any, None, None]:
    import h5py

    try:
        with h5py.File(path, "r", locking=False) as file:
            yield file
    except DAMAGE as error:
        raise _unreadable(path, "weights that Keras wrote", error) from error


def _unreadable(path: Path, expected: str, error: BaseException) -> ContractError:
    found = f"{type(error).__name__} ({str(error)[:200].strip()})"
    return ContractError(path, "file", expected, found, "Copy the file anew")


def _is_legacy(file: Any) -> bool:
    return "model_weights" in file or any(key.startswith("layer_names") for key in file.attrs)


def _named(file: Any) -> Iterator[tuple[str, list[npt.NDArray[Any]]]]:
    """Of a legacy file, whose attributes give the order of layers and weights."""
    group: Any = file.get("model_weights", file)
    for name in _names(group, "layer_names"):
        own = group[name]
        arrays = [own[weight][()] for weight in _names(own, "weight_names")]
        if arrays:
            yield name, arrays


def _names(group: Any, key: str) -> list[str]:
    """A list of names; a long one is spread over attributes that are numbered."""
    if key in group.attrs:
        keys = [key]
    else:
        numbered = [own for own in group.attrs if re.fullmatch(rf"{key}\d+", own)]
        keys = sorted(numbered, key=lambda own: int(own[len(key) :]))
    if not keys:
        raise KeyError(key)
    found = [name for own in keys for name in group.attrs[own]]
    return [name.decode() if isinstance(name, bytes) else str(name) for name in found]


def _new(file: Any) -> Iterator[tuple[str, list[npt.NDArray[Any]]]]:
    """Of a ``.weights.h5``, whose groups of variables carry the name of their layer."""
    groups: list[Any] = []
    file.visititems(
        lambda place, item: groups.append(item) if place.endswith(f"/{_VARIABLES}") else None
    )
    for group in groups:
        if "name" in group.attrs and len(group):
            yield str(group.attrs["name"]), [group[key][()] for key in sorted(group, key=int)]
