"""The labelled patches of many patch files, read in any order."""

from __future__ import annotations

import logging
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from common.errors import ContractError
from common.patch_file import schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from common.patch_file.reader import PatchFile
    from common.patches import PatchSpec

_OPEN_FILES: Final = 64
_STREAM: Final = 0
log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Batch:
    """Patches that go through the network together.

    Attributes
    ----------
    step : int
        Number of the batch, from 0.
    indices : (B,) int64
        Places of the patches in their dataset.
    patches : (B, S, S, 3) uint8, RGB
    labels : (B,) float32
        1 tumour, 0 normal.
    """

    step: int
    indices: npt.NDArray[np.int64]
    patches: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.float32]


class PatchDataset:
    """The patches labelled 0 or 1 of `files`, by file, then by row.

    What is held of each patch is its label and its row, six bytes; pixels are read when asked for.
    Patches of unknown label are left out, and counted in `unknown`.

    Parameters
    ----------
    files : sequence of PatchFile
        At least one.

    Attributes
    ----------
    spec : PatchSpec
        Of the first file; the others agree with it.
    labels : (N,) int8
        1 tumour, 0 normal.
    unknown : int
        Patches without a label.

    Raises
    ------
    ContractError
        If patches of two files may not be mixed, or a file holds locations only.
    """

    def __init__(self, files: Sequence[PatchFile]) -> None:
        self.files = tuple(files)
        self.spec = _common_spec(self.files)
        rows = [_labelled_rows(file) for file in self.files]
        self._starts = np.cumsum([0, *map(len, rows)])
        self._rows = np.concatenate(rows)
        self.labels = np.concatenate(
            [file.labels[own] for file, own in zip(self.files, rows, strict=True)]
        )
        self.unknown = sum(len(file) for file in self.files) - len(self)
        self._open: OrderedDict[int, PatchFile] = OrderedDict()
        for file in self.files:
            file.close()

    def __len__(self) -> int:
        return len(self._rows)

    def place(
        self, indices: npt.NDArray[np.integer]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Where patches are stored: number of the file, and row in it; (K,) int64 each."""
        files = np.searchsorted(self._starts, indices, side="right") - 1
        return files, self._rows[indices].astype(np.int64)

    def read(self, indices: npt.NDArray[np.integer]) -> npt.NDArray[np.uint8]:
        """Pixels of some patches, (K, S, S, 3) uint8 RGB, in the order of `indices`.

        Each file is read once, by rising row.
        """
        files, rows = self.place(indices)
        patches = np.empty((len(indices), self.spec.size, self.spec.size, 3), dtype=np.uint8)
        order = np.lexsort((rows, files))
        ends = np.flatnonzero(np.diff(files[order])) + 1
        for own in np.split(order, ends) if len(order) else []:
            patches[own] = self._opened(int(files[own[0]])).read(rows[own])
        return patches

    def batches(
        self, order: npt.NDArray[np.integer], batch_size: int, first: int = 0
    ) -> Iterator[Batch]:
        """The patches of `order`, `batch_size` at a time, from batch `first` on."""
        for start in range(first * batch_size, len(order), batch_size):
            indices = order[start : start + batch_size].astype(np.int64)
            labels = self.labels[indices].astype(np.float32)
            yield Batch(start // batch_size, indices, self.read(indices), labels)

    def close(self) -> None:
        """Close the files; they open again on the next use."""
        for file in self._open.values():
            file.close()
        self._open.clear()

    def _opened(self, number: int) -> PatchFile:
        """A file to read from; of those open, the one not used for longest is closed."""
        self._open[number] = self.files[number]
        self._open.move_to_end(number)
        if len(self._open) > _OPEN_FILES:
            self._open.popitem(last=False)[1].close()
        return self.files[number]


def epoch_order(count: int, batch_size: int, seed: int, epoch: int) -> npt.NDArray[np.integer]:
    """The order in which one epoch shows `count` patches, whole batches of them.

    Every patch is shown; the last batch is filled up from the head of the order. Depends on the
    arguments alone, so an epoch that was cut off goes on where it was.

    Returns
    -------
    (steps * batch_size,) int32 or int64

    Examples
    --------
    >>> len(epoch_order(3, 2, seed=0, epoch=0))
    4
    """
    dtype: Any = np.int32 if count <= np.iinfo(np.int32).max else np.int64
    order = np.random.default_rng([seed, _STREAM, epoch]).permutation(np.arange(count, dtype=dtype))
    return np.resize(order, -(-count // batch_size) * batch_size)


def _common_spec(files: Sequence[PatchFile]) -> PatchSpec:
    first = files[0]
    for file in files:
        if file.codec == "none":
            advice = "Extract without --no-pixels"
            raise ContractError(file.path, f"/{schema.PATCHES}", "pixels", "locations only", advice)
        if not first.header.spec.agrees(file.header.spec):
            raise ContractError(
                file.path,
                "patch_size, patch_mpp",
                f"{_said(first.header.spec)} as in {first.path.name}",
                _said(file.header.spec),
                "Extract both with one configuration",
            )
        file.close()
    return first.header.spec


def _said(spec: PatchSpec) -> str:
    return f"{spec.size} px at {spec.mpp:g} um/px"


def _labelled_rows(file: PatchFile) -> npt.NDArray[np.int32]:
    rows = np.flatnonzero(file.labels != schema.UNKNOWN).astype(np.int32)
    file.close()
    return rows
