"""The labelled patches of many patch files, read in any order."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import numpy as np

from common.ahead import ahead
from common.cluster import available_cpus
from common.errors import ContractError
from common.patch_file import schema
from layer2_train.index import open_index

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy.typing as npt

    from common.patch_file.reader import PatchFile
    from common.patches import PatchSpec
    from layer2_train.index import Index

    Stain = Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.uint8]]

_OPEN_FILES: Final = 64
_PART: Final = 64


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

    Labels and places lie in an index on disk, and pixels are read when asked for: memory does not
    depend on how many patches there are. Patches of unknown label are left out, and counted in
    `unknown`. Several threads may read at once.

    Parameters
    ----------
    files : sequence of PatchFile
        At least one.
    folder : Path or None
        Where the index is kept from run to run; None makes one that goes with this object.
    stains : sequence of callable or None
        For each file, what becomes of patches, (K, S, S, 3) uint8, that are read from it; None
        leaves them as stored.

    Attributes
    ----------
    spec : PatchSpec
        Of the first file; the others agree with it.
    index : Index
    labels : (N,) int8
        1 tumour, 0 normal.
    starts : (F + 1,) int64
        Index of the first patch of each file, and the number of patches.
    unknown : int
        Patches without a label.

    Raises
    ------
    ContractError
        If patches of two files may not be mixed, or a file holds locations only.
    """

    def __init__(
        self,
        files: Sequence[PatchFile],
        folder: Path | None = None,
        stains: Sequence[Stain] | None = None,
    ) -> None:
        self.files = tuple(files)
        self.stains = None if stains is None else tuple(stains)
        self.spec = _common_spec(self.files)
        self.index = _index(self.files, folder)
        self.labels = self.index.labels
        self.starts = np.cumsum([0, *self.index.counts.sum(axis=1)])
        self.unknown = sum(map(len, self.files)) - len(self)
        self._open: OrderedDict[int, PatchFile] = OrderedDict()
        self._reading = threading.Lock()

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def counts(self) -> dict[tuple[int, str], int]:
        """Patches by label and centre, in the order of `Index.members`."""
        counts: dict[tuple[int, str], int] = {}
        for label in (schema.NORMAL, schema.TUMOR):
            for centre in sorted({file.header.centre for file in self.files}):
                own = [file.header.centre == centre for file in self.files]
                counts[label, centre] = int(self.index.counts[own, label].sum())
        return counts

    def place(
        self, indices: npt.NDArray[np.integer]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Where patches are stored: number of the file, and row in it; (K,) int64 each."""
        files = np.searchsorted(self.starts, indices, side="right") - 1
        return files, self.index.rows[indices].astype(np.int64)

    def read(self, indices: npt.NDArray[np.integer]) -> npt.NDArray[np.uint8]:
        """Pixels of some patches, (K, S, S, 3) uint8 RGB, in the order of `indices`.

        Each is read once, by file and by rising row.
        """
        rising, places = np.unique(indices, return_inverse=True)
        patches = self.empty(len(rising))
        for part in self.parts(rising):
            self.fill(rising[part], patches[part])
        in_order = np.array_equal(rising, indices)
        return patches if in_order else patches[places]

    def empty(self, count: int) -> npt.NDArray[np.uint8]:
        """Room for so many patches, (count, S, S, 3)."""
        return np.empty((count, self.spec.size, self.spec.size, 3), dtype=np.uint8)

    def parts(self, rising: npt.NDArray[np.integer]) -> Iterator[slice]:
        """Stretches of rising indices that `fill` takes: of one file, and not too long."""
        borders = np.searchsorted(rising, self.starts)
        for first, last in pairwise(np.unique(borders).tolist()):
            for start in range(first, last, _PART):
                yield slice(start, min(start + _PART, last))

    def fill(self, rising: npt.NDArray[np.integer], patches: npt.NDArray[np.uint8]) -> None:
        """Read patches of one file, their indices rising, into `patches`, (K, S, S, 3) uint8.

        Threads take turns at reading what the file stores; decoding and stains go on beside it.
        """
        files, rows = self.place(rising)
        number = int(files[0])
        with self._reading:
            decode = self._opened(number).begin(rows, patches)
        decode()
        if self.stains is not None:
            patches[:] = self.stains[number](patches)

    def batches(
        self,
        order: Sequence[int] | npt.NDArray[np.integer],
        batch_size: int,
        first: int = 0,
        threads: int | None = None,
    ) -> Iterator[Batch]:
        """The patches of `order`, `batch_size` at a time, from batch `first` on.

        Batches to come are read and decoded by `threads`, at most two for each ahead; None takes
        all CPUs this process may use.
        """

        def batch(start: int) -> Batch:
            indices = np.asarray(order[start : start + batch_size], dtype=np.int64)
            labels = self.labels[indices].astype(np.float32)
            return Batch(start // batch_size, indices, self.read(indices), labels)

        starts = range(first * batch_size, len(order), batch_size)
        yield from ahead(batch, starts, threads or available_cpus())

    def close(self) -> None:
        """Close the files; they open again on the next use."""
        with self._reading:
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


def _index(files: Sequence[PatchFile], folder: Path | None) -> Index:
    if folder is not None:
        return open_index(files, folder)
    with TemporaryDirectory(
        ignore_cleanup_errors=True
    ) as temporary:  # mapped, it outlives its name
        return open_index(files, Path(temporary))


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
        len(file)  # looked up while the file is open, and remembered
        file.close()
    return first.header.spec


def _said(spec: PatchSpec) -> str:
    return f"{spec.size} px at {spec.mpp:g} um/px"
