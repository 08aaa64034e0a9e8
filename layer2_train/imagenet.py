"""ImageNet weights, as Keras publishes them, in Keras' own cache.

Training looks there and never downloads: a compute node may have no network, and a hundred of them
should not ask at once.
"""

from __future__ import annotations

import hashlib
import sys
from contextlib import redirect_stdout
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from common.cluster import keras_home
from common.errors import ConfigError, ContractError, PipelineError
from common.files import writable
from layer2_train.architectures import NETWORKS, OUTPUT, POOLING, published
from layer2_train.weight_files import arrays_in_order

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

_BLOCK: Final = 1 << 20
_PATCH_SIZE: Final = 224


def cached(name: str) -> Path:
    """Where Keras keeps the weights of a network; they need not be there."""
    return keras_home() / "models" / published(name).file


def find_cached(name: str) -> Path:
    """The file of a network's weights.

    Raises
    ------
    ConfigError
        If it is not there, saying how to get it.
    """
    path = cached(name)
    if not path.is_file():
        raise ConfigError(
            f"{path}: expected the ImageNet weights of {name}, found no such file. {_advice(name)}"
        )
    return path


def check_digest(path: Path, name: str) -> None:
    """Refuse a file of weights that is not the one Keras publishes.

    Raises
    ------
    ContractError
        With both digests.
    """
    wanted = published(name).digest
    found = _digest(path, wanted)
    if found != wanted:
        kind = _kind(wanted)
        raise ContractError(path, kind, wanted, found, f"Remove it. {_advice(name)}")


def load(network: Any, name: str, path: Path) -> list[str]:
    """Give the body of a network the published weights, and return the names of its layers.

    Keras' files name the layers as they were called when the files were made, so weights go by
    their order, each checked by its shape.

    Raises
    ------
    ContractError
        If the file is damaged, or holds the weights of another network.
    """
    check_digest(path, name)
    layers = [own for own in network.layers if own.weights and own.name not in (POOLING, OUTPUT)]
    variables = [variable for layer in layers for variable in layer.weights]
    arrays = arrays_in_order(path)
    if len(arrays) != len(variables):
        raise ContractError(path, "weights", f"{len(variables)} of {name}", f"{len(arrays)}")
    if published(name).bgr:
        arrays[0] = arrays[0][:, :, ::-1]  # the first convolution: blue comes first there
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(_fitted(path, array, variable))
    return [layer.name for layer in layers]


def fetch(name: str) -> Path:
    """Have Keras download a network's weights into its cache, unless they are there and whole.

    Raises
    ------
    PipelineError
        If they could not be had, saying where to put the file by hand.
    """
    path = cached(name)
    if path.is_file() and _digest(path, published(name).digest) == published(name).digest:
        return path
    from keras import applications

    application = getattr(applications, published(name).application)
    edge = (_PATCH_SIZE, _PATCH_SIZE, 3)
    with writable(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with redirect_stdout(sys.stderr):  # Keras tells of its progress there
            application(include_top=False, weights="imagenet", input_shape=edge)
    except Exception as error:
        # Keras makes a bare Exception of an error of the network; others it lets through, and a
        # file with another digest is a ValueError
        bare = type(error) is Exception and isinstance(error.__context__, OSError)
        if not (bare or isinstance(error, OSError | HTTPException | ValueError)):
            raise
        raise PipelineError(
            f"{path}: expected the ImageNet weights of {name} from the network, found: {error}. "
            f"Get the file elsewhere and put it there; its {_kind(published(name).digest)} is "
            f"{published(name).digest}"
        ) from error
    if not path.is_file():
        raise PipelineError(
            f"{path}: expected the ImageNet weights of {name}, found nothing: Keras keeps them "
            "elsewhere where it may not write. Set KERAS_HOME to a folder that can be written"
        )
    return path


def fetch_all(names: Sequence[str], *, every: bool = False) -> dict[str, Path]:
    """Fetch the weights of networks, or of every one; one that fails does not keep the others.

    Raises
    ------
    ConfigError
        If no network is named, or one of which nothing is published; nothing is fetched then.
    PipelineError
        With all that could not be had.
    """
    asked = [name for name, own in NETWORKS.items() if own.imagenet] if every else [*names]
    if not asked:
        raise ConfigError("NAME: expected networks, or --all, found neither. Name some")
    for name in asked:
        published(name)
    paths, failed = {}, []
    for name in asked:
        try:
            paths[name] = fetch(name)
        except PipelineError as error:
            failed.append(str(error))
    if failed:
        raise PipelineError("\n".join(failed))
    return paths


def _fitted(path: Path, array: npt.NDArray[Any], variable: Any) -> npt.NDArray[Any]:
    """An array in the shape of a variable."""
    shape = tuple(variable.shape)
    if array.ndim == 4 and (*array.shape[:2], array.shape[3], 1) == shape:
        array = np.swapaxes(array, 2, 3)  # a depthwise kernel, kept as that of a grouped one
    if array.shape != shape:
        raise ContractError(path, variable.path, f"{shape}", f"{array.shape}")
    return array


def _advice(name: str) -> str:
    return (
        f"Where there is a network, run layer2-train fetch-weights {name}, and copy the file here; "
        "KERAS_HOME says where Keras keeps its files"
    )


def _kind(digest: str) -> str:
    return "MD5" if len(digest) == 32 else "SHA-256"


def _digest(path: Path, like: str) -> str:
    made = hashlib.md5(usedforsecurity=False) if _kind(like) == "MD5" else hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            made.update(block)
    return made.hexdigest()
