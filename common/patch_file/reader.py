"""Reading patch files."""

from __future__ import annotations

import math
import os
from contextlib import suppress
from dataclasses import fields
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from common.errors import ContractError
from common.patch_file import schema
from common.patch_file.codec import Codec, decode_jpeg
from common.patch_file.container import ANEW, attribute, dataset, guarded, open_file, values
from common.patch_file.folder import FOLDER as FOLDER
from common.patch_file.folder import patch_paths
from common.patches import Locations

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import h5py
    import numpy.typing as npt

_OFFSETS: Final = 1 << 20


class PatchFile:
    """One patch file, opened on first use in each process, read-only and without a file lock.

    Parameters
    ----------
    path : Path

    Raises
    ------
    ContractError
        On first use, when the file is not a complete patch file of a version this software reads.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._handle: h5py.File | None = None
        self._owner = -1
        self._stored: h5py.Dataset | None = None
        self._offsets_are_sound = False

    def __len__(self) -> int:
        return self._count

    def __getstate__(self) -> dict[str, Any]:
        return PatchFile(self.path).__dict__

    @cached_property
    def header(self) -> schema.Header:
        """The root attributes."""
        with guarded(self.path, "attributes", "values as specified"):
            try:
                header = schema.Header.from_attributes(self._attributes())
            except KeyError as error:
                item = str(error.args[0])
                raise ContractError(self.path, item, "an attribute", "nothing", ANEW) from error
        for name in ("patch_size", "patch_mpp"):
            if not 0 < (value := getattr(header, name)) < math.inf:
                raise ContractError(self.path, name, "a number greater than 0", repr(value), ANEW)
        return header

    @cached_property
    def _count(self) -> int:
        return len(dataset(self.path, self.file, schema.LABELS))

    @cached_property
    def labels(self) -> npt.NDArray[np.int8]:
        """(N,) int8: 1 tumour, 0 normal, -1 not known."""
        return self.column(schema.LABELS)

    @property
    def coords(self) -> npt.NDArray[np.int64]:
        """(N, 2) int64, level-0 px: top-left (x, y), by row then by column."""
        return self.column(schema.COORDS)

    @property
    def locations(self) -> Locations:
        """The patches' places on their slide."""
        return Locations(self.header.slide_id, self.header.spec, self.coords)

    @property
    def counts(self) -> dict[str, int]:
        """Numbers of patches kept, by label, and rejected, by reason."""
        with guarded(self.path, "counts", "a JSON object of numbers"):
            counts = schema.json_object("counts", attribute(self.path, self.file, "counts"))
            return {name: schema.plain(name, value, int) for name, value in counts.items()}

    @cached_property
    def codec(self) -> Codec:
        """How the pixels are stored; ``none`` in a file of locations."""
        with guarded(self.path, "datasets"):
            names = set(self.file)
        if schema.PATCHES in names:
            return "raw"
        return "jpeg" if schema.JPEG_BYTES in names else "none"

    @property
    def file(self) -> h5py.File:
        """The open HDF5 file of this process."""
        if self._handle is None or self._owner != os.getpid():
            self._handle, self._stored = open_file(self.path), None
            self._owner = os.getpid()
        return self._handle

    def column(self, name: str) -> npt.NDArray[Any]:
        """A whole one-row-per-item dataset, such as `schema.TUMOR_FRACTION`."""
        return values(self.path, self.file, name)

    def read(self, rows: Sequence[int] | npt.NDArray[np.integer]) -> npt.NDArray[np.uint8]:
        """Pixels of some patches.

        Parameters
        ----------
        rows : (K,) int
            Which patches, in any order, repeats allowed.

        Returns
        -------
        (K, S, S, 3) uint8, RGB
            In the order of `rows`.

        Raises
        ------
        ContractError
            In a file of locations, or where a patch does not decode.
        """
        rows, size = np.asarray(rows, dtype=np.int64), self.header.patch_size
        patches = np.empty((len(rows), size, size, 3), dtype=np.uint8)
        self.begin(rows, patches)()
        return patches

    def begin(
        self, rows: npt.NDArray[np.int64], patches: npt.NDArray[np.uint8]
    ) -> Callable[[], None]:
        """Read what the file stores of some patches; what is returned turns it into pixels.

        Reading is for one thread at a time, as HDF5 is. The rest may be done by any thread at any
        time, and needs the file no more.

        Parameters
        ----------
        rows : (K,) int64
        patches : (K, S, S, 3) uint8, RGB
            Filled in, in the order of `rows`.

        Raises
        ------
        ContractError
            As `read`.
        """
        if len(rows) and not 0 <= rows.min() <= rows.max() < len(self):
            raise IndexError(f"{self.path}: rows must be 0 to {len(self) - 1}")
        if self.codec == "raw":
            self._read_raw(rows, patches)
            return _nothing
        if self.codec == "jpeg":
            return partial(self._decode, rows, self._encoded(rows), patches)
        advice = "Extract without --no-pixels"
        raise ContractError(self.path, f"/{schema.PATCHES}", "pixels", "locations only", advice)

    def close(self) -> None:
        """Close the file; it opens again on the next use."""
        if self._handle is not None and self._owner == os.getpid():
            with suppress(OSError, RuntimeError):  # nothing was written, nothing can be lost
                self._handle.close()
        self._handle = self._stored = None

    def _attributes(self) -> dict[str, Any]:
        """The attributes of the header that are there; those of newer versions stay unread."""
        names = [field.name for field in fields(schema.Header)]
        read = {name: attribute(self.path, self.file, name) for name in names}
        return {name: value for name, value in read.items() if value is not None}

    def _pixels(self, name: str) -> h5py.Dataset:
        """The dataset that holds the pixels, looked at once for every time the file is opened."""
        file = self.file
        if self._stored is None:
            stored, size = dataset(self.path, file, name), self.header.patch_size
            expected = (len(self), size, size, 3)
            if name == schema.PATCHES and stored.shape != expected:
                found = f"{stored.shape}"
                raise ContractError(self.path, f"/{name}", f"{expected} uint8", found, ANEW)
            self._stored = stored
        return self._stored

    def _read_raw(self, rows: npt.NDArray[np.int64], patches: npt.NDArray[np.uint8]) -> None:
        stored: Any = self._pixels(schema.PATCHES)
        with guarded(self.path, f"/{schema.PATCHES}", "pixels"):
            for first, last, at in _runs(rows):
                stored.read_direct(patches, np.s_[first:last], at)

    def _encoded(self, rows: npt.NDArray[np.int64]) -> list[npt.NDArray[np.uint8]]:
        """The JPEG file of each row; those of a run are read together."""
        stored: Any = self._pixels(schema.JPEG_BYTES)
        self._refuse_other_offsets(len(stored))
        all_offsets: Any = dataset(self.path, self.file, schema.JPEG_OFFSETS)
        encoded: list[npt.NDArray[np.uint8]] = []
        with guarded(self.path, f"/{schema.JPEG_BYTES}", "pixels"):
            for first, last, _ in _runs(rows):
                offsets = all_offsets[first : last + 1]
                together = stored[offsets[0] : offsets[-1]]
                encoded += np.split(together, offsets[1:-1] - offsets[0])
        return encoded

    def _refuse_other_offsets(self, total: int) -> None:
        """Look once, a stretch at a time, whether offsets rise from 0 to `total`."""
        if self._offsets_are_sound:
            return
        stored: Any = dataset(self.path, self.file, schema.JPEG_OFFSETS)
        before, sound = -1, len(stored) == len(self) + 1
        with guarded(self.path, f"/{schema.JPEG_OFFSETS}"):
            for start in range(0, len(stored) if sound else 0, _OFFSETS):
                some = stored[start : start + _OFFSETS]
                sound &= before < some[0] and bool((some[1:] > some[:-1]).all())
                sound &= start > 0 or some[0] == 0
                before = some[-1]
        if not sound or before != total:
            expected = f"{len(self) + 1} rising offsets from 0 to {total}"
            raise ContractError(self.path, f"/{schema.JPEG_OFFSETS}", expected, "others", ANEW)
        self._offsets_are_sound = True

    def _decode(
        self,
        rows: npt.NDArray[np.int64],
        encoded: list[npt.NDArray[np.uint8]],
        patches: npt.NDArray[np.uint8],
    ) -> None:
        size = self.header.patch_size
        for row, one, patch in zip(rows.tolist(), encoded, patches, strict=True):
            try:
                decode_jpeg(one, patch)
            except ValueError as error:
                item, expected = f"/{schema.JPEG_BYTES}[{row}]", f"a JPEG of {size} x {size} px"
                raise ContractError(self.path, item, expected, str(error), ANEW) from error


def find_patch_files(folder: Path) -> list[PatchFile]:
    """The patch files of a folder, or of its ``patches`` folder: see `patch_paths`."""
    return [PatchFile(path) for path in patch_paths(folder)]


def _nothing() -> None:
    """What is left to do of raw pixels."""


def _runs(rows: npt.NDArray[np.int64]) -> list[tuple[int, int, slice]]:
    """Stretches of consecutive rows: first row, row after the last, place in the result."""
    breaks = np.flatnonzero(np.diff(rows) != 1) + 1
    starts = np.concatenate([[0], breaks]).astype(int) if len(rows) else np.empty(0, int)
    ends = np.concatenate([breaks, [len(rows)]]).astype(int)
    return [
        (int(rows[start]), int(rows[end - 1]) + 1, slice(start, end))
        for start, end in zip(starts, ends, strict=False)
    ]
