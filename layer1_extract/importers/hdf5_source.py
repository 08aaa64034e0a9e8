"""HDF5 files others wrote: opened so that damage is named, and never becomes black patches."""

from __future__ import annotations

from contextlib import contextmanager
from math import prod
from typing import TYPE_CHECKING, Any, Final

import h5py
import numpy as np

from common.errors import ContractError, PipelineError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    import numpy.typing as npt

MAX_EDGE_PX: Final = 8192
_BATCH: Final = 256
_BATCH_BYTES: Final = 256 << 20
_ADVICE: Final = "Copy or download the file anew"


@contextmanager
def open_source(path: Path) -> Generator[h5py.File, None, None]:
    """An HDF5 file open for reading; what HDF5 cannot read in it ends as a `ContractError`.

    Raises
    ------
    ContractError
        Whenever the file is opened or read and the library fails: h5py has no error of its own.
    """
    try:
        with h5py.File(path, "r", locking=False) as file:
            yield file
    except PipelineError:
        raise
    except (OSError, RuntimeError, LookupError, TypeError, ValueError, MemoryError) as error:
        found = f"a damaged or incomplete one ({type(error).__name__}: {error})"
        raise ContractError(path, "content", "an HDF5 file that reads", found, _ADVICE) from error


def dataset(path: Path, file: h5py.File, name: str) -> h5py.Dataset:
    """A dataset all of which is in the file: what is missing would read as zeros.

    Raises
    ------
    ContractError
        If there is no such dataset, or a part of it was never written.
    """
    item = file.get(name)
    if not isinstance(item, h5py.Dataset):
        found = "nothing" if item is None else f"a {type(item).__name__.lower()}"
        raise ContractError(path, f"/{name}", "a dataset", found, _ADVICE)
    if item.shape is None or not _is_whole(item):
        found = "one with parts that were never written"
        raise ContractError(path, f"/{name}", "a whole dataset", found, _ADVICE)
    return item


def patch_dataset(path: Path, file: h5py.File, name: str) -> h5py.Dataset:
    """A whole dataset of patches, (N, S, S, 3) uint8.

    Raises
    ------
    ContractError
        If it is absent, incomplete, or of another shape or type.
    """
    item = dataset(path, file, name)
    shape = item.shape
    square = len(shape) == 4 and shape[1] == shape[2] and shape[3] == 3
    if not square or item.dtype != np.uint8 or not 1 <= shape[1] <= MAX_EDGE_PX:
        expected = f"(N, S, S, 3) uint8, S at most {MAX_EDGE_PX}"
        raise ContractError(path, f"/{name}", expected, f"{shape} {item.dtype}")
    return item


def patch_batches(
    path: Path, file: h5py.File, name: str
) -> Iterator[tuple[slice, npt.NDArray[np.uint8]]]:
    """Rows and patches (B, S, S, 3) of a dataset, a bounded number of bytes at a time."""
    patches: Any = patch_dataset(path, file, name)
    step = max(1, min(_BATCH, _BATCH_BYTES // prod(patches.shape[1:])))
    for start in range(0, len(patches), step):
        rows = slice(start, min(start + step, len(patches)))
        yield rows, patches[rows]


def _is_whole(item: Any) -> bool:
    """Whether every element lies in the file."""
    if item.size == 0:
        return True
    if item.chunks is None:
        return item.id.get_storage_size() >= item.size * item.dtype.itemsize
    chunks = (-(-edge // chunk) for edge, chunk in zip(item.shape, item.chunks, strict=True))
    return item.id.get_num_chunks() == prod(chunks)
