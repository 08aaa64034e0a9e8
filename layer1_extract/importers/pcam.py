"""The HDF5 layout of PatchCamelyon: ``x`` (N, 96, 96, 3) and ``y`` (N, 1, 1, 1).

Both in one file, or in two whose names differ in a last ``_x`` and ``_y``.
Veeling et al. 2018, doi:10.1007/978-3-030-00934-2_24.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import h5py
import numpy as np

from common.errors import ConfigError, ContractError
from common.files import spread_hash
from layer1_extract.importers.foreign import ForeignSlide

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

_BATCH: Final = 256


def find(source: Path) -> list[ForeignSlide]:
    """One entry: PatchCamelyon does not say which slides its patches are from.

    Raises
    ------
    ConfigError
        If the labels' file is not there.
    ContractError
        If patches or labels have another shape, or their numbers differ.
    """
    labels = _labels(source)
    with h5py.File(source, "r", locking=False) as file:
        patches: Any = file["x"]
        shape = patches.shape
        square = len(shape) == 4 and shape[1] == shape[2] and shape[3] == 3
        if not square or patches.dtype != np.uint8:
            raise ContractError(source, "/x", "(N, S, S, 3) uint8", f"{shape} {patches.dtype}")
    if len(labels) != shape[0]:
        raise ContractError(source, "/y", f"{shape[0]} labels", str(len(labels)))
    slide_id = source.stem.removesuffix("_x")
    batches = partial(_batches, source, labels)
    return [ForeignSlide(slide_id, shape[0], shape[1], spread_hash(source), batches)]


def _labels(source: Path) -> npt.NDArray[np.int8]:
    with h5py.File(source, "r", locking=False) as file:
        beside = source if "y" in file else source.with_name(f"{_stem_of_y(source)}{source.suffix}")
    if not beside.is_file():
        raise ConfigError(f"{source}: expected the labels in y or in {beside.name}, found neither")
    with h5py.File(beside, "r", locking=False) as file:
        if "y" not in file:
            raise ContractError(beside, "/y", "labels", "nothing")
        labels = np.asarray(file["y"]).reshape(-1)
    if not np.isin(labels, (0, 1)).all():
        raise ContractError(beside, "/y", "0 or 1", str(sorted(set(labels.tolist()))[:5]))
    return labels.astype(np.int8)


def _stem_of_y(source: Path) -> str:
    return f"{source.stem[:-2]}_y" if source.stem.endswith("_x") else f"{source.stem}_y"


def _batches(
    source: Path, labels: npt.NDArray[np.int8]
) -> Iterator[tuple[npt.NDArray[np.int8], npt.NDArray[np.uint8]]]:
    with h5py.File(source, "r", locking=False) as file:
        patches: Any = file["x"]
        for start in range(0, len(labels), _BATCH):
            yield labels[start : start + _BATCH], patches[start : start + _BATCH]
