"""Reading patch files."""

from __future__ import annotations

import math
import os
from contextlib import suppress
from dataclasses import fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from common.errors import ContractError
from common.patch_file import schema
from common.patch_file.codec import Codec, decode_jpeg
from common.patch_file.container import ANEW, attribute, dataset, guarded, open_file, values
from common.patch_file.folder import FOLDER as FOLDER
from common.patch_file.folder import patch_paths
from common.patches import Locations

if TYPE_CHECKING:
    from collections.abc import Sequence

    import h5py
    import numpy.typing as npt


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

    def __len__(self) -> int:
        return len(self.labels)

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path, "_handle": None, "_owner": -1, "_stored": None}

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
        rows = np.asarray(rows, dtype=np.int64)
        if len(rows) and not 0 <= rows.min() <= rows.max() < len(self):
            raise IndexError(f"{self.path}: rows must be 0 to {len(self) - 1}")
        if self.codec == "raw":
            return self._raw(rows)
        if self.codec == "jpeg":
            return self._decoded(rows)
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

    def _raw(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        size = self.header.patch_size
        stored: Any = self._pixels(schema.PATCHES)
        with guarded(self.path, f"/{schema.PATCHES}", "pixels"):
            patches = np.empty((len(rows), size, size, 3), dtype=np.uint8)
            for first, last, at in _runs(rows):
                patches[at] = stored[first:last]
        return patches

    @cached_property
    def _offsets(self) -> npt.NDArray[np.int64]:
        """(N + 1,) int64: where in ``/jpeg_bytes`` each patch begins, and the last one ends."""
        offsets = self.column(schema.JPEG_OFFSETS)
        total = len(dataset(self.path, self.file, schema.JPEG_BYTES))
        rising = bool((offsets[1:] > offsets[:-1]).all())
        if len(offsets) != len(self) + 1 or not rising or (offsets[0], offsets[-1]) != (0, total):
            expected = f"{len(self) + 1} rising offsets from 0 to {total}"
            raise ContractError(self.path, f"/{schema.JPEG_OFFSETS}", expected, "others", ANEW)
        return offsets

    def _decoded(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        size, offsets = self.header.patch_size, self._offsets
        stored: Any = self._pixels(schema.JPEG_BYTES)
        with guarded(self.path, f"/{schema.JPEG_BYTES}", "pixels"):
            patches = np.empty((len(rows), size, size, 3), dtype=np.uint8)
            for at, row in enumerate(rows.tolist()):
                patch = decode_jpeg(stored[offsets[row] : offsets[row + 1]])
                if patch is None or patch.shape != (size, size, 3):
                    raise self._undecoded(row, patch)
                patches[at] = patch
        return patches

    def _undecoded(self, row: int, patch: npt.NDArray[np.uint8] | None) -> ContractError:
        size = self.header.patch_size
        found = "bytes that do not decode" if patch is None else f"a patch of {patch.shape}"
        expected = f"a JPEG of {size} x {size} px"
        return ContractError(self.path, f"/{schema.JPEG_BYTES}[{row}]", expected, found, ANEW)


def find_patch_files(folder: Path) -> list[PatchFile]:
    """The patch files of a folder, or of its ``patches`` folder: see `patch_paths`."""
    return [PatchFile(path) for path in patch_paths(folder)]


def _runs(rows: npt.NDArray[np.int64]) -> list[tuple[int, int, slice]]:
    """Stretches of consecutive rows: first row, row after the last, place in the result."""
    breaks = np.flatnonzero(np.diff(rows) != 1) + 1
    starts = np.concatenate([[0], breaks]).astype(int) if len(rows) else np.empty(0, int)
    ends = np.concatenate([breaks, [len(rows)]]).astype(int)
    return [
        (int(rows[start]), int(rows[end - 1]) + 1, slice(start, end))
        for start, end in zip(starts, ends, strict=False)
    ]
