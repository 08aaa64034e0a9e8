"""The HDF5 layout of PatchCamelyon: ``x`` (N, 96, 96, 3) and ``y`` (N, 1, 1, 1).

Both in one file, or in two whose names differ in a last ``_x`` and ``_y``.
Veeling et al. 2018, doi:10.1007/978-3-030-00934-2_24.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from common.errors import ConfigError, ContractError
from common.files import spread_hash
from layer1_extract.importers.foreign import ForeignSlide
from layer1_extract.importers.hdf5_source import (
    dataset,
    open_source,
    patch_batches,
    patch_dataset,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt


def find(source: Path) -> list[ForeignSlide]:
    """One entry: PatchCamelyon does not say which slides its patches are from.

    Raises
    ------
    ConfigError
        If the labels' file is not there.
    ContractError
        If a file is damaged, patches or labels have another shape, or their numbers differ.
    """
    with open_source(source) as file:
        shape = patch_dataset(source, file, "x").shape
        with_labels = "y" in file
        fingerprint = spread_hash(source)
    if not shape[0]:
        raise ContractError(source, "/x", "patches", "none")
    beside = source if with_labels else source.with_name(_stem_of_y(source) + source.suffix)
    if not beside.is_file():
        raise ConfigError(f"{source}: expected the labels in y or in {beside.name}, found neither")
    labels = _labels(beside, shape[0])
    slide_id = source.stem.removesuffix("_x")
    batches = partial(_batches, source, labels)
    return [ForeignSlide(slide_id, shape[0], shape[1], fingerprint, batches)]


def _labels(path: Path, count: int) -> npt.NDArray[np.int8]:
    """(N,) int8, one for each of `count` patches."""
    with open_source(path) as file:
        stored: Any = dataset(path, file, "y")
        if stored.size != count:
            raise ContractError(path, "/y", f"{count} labels", str(stored.size))
        labels = np.asarray(stored).reshape(-1)
        if not np.isin(labels, (0, 1)).all():
            raise ContractError(path, "/y", "0 or 1", str(sorted(set(labels.tolist()))[:5]))
        return labels.astype(np.int8)


def _stem_of_y(source: Path) -> str:
    return f"{source.stem[:-2]}_y" if source.stem.endswith("_x") else f"{source.stem}_y"


def _batches(
    source: Path, labels: npt.NDArray[np.int8]
) -> Iterator[tuple[npt.NDArray[np.int8], npt.NDArray[np.uint8]]]:
    with open_source(source) as file:
        for rows, patches in patch_batches(source, file, "x"):
            yield labels[rows], patches
