"""Reading patch files."""

from __future__ import annotations

import json
import os
import re
from collections import defaultdict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import h5py
import numpy as np

from common.errors import ConfigError, ContractError
from common.patch_file import schema
from common.patch_file.codec import Codec, decode_jpeg
from common.patches import Locations

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

FOLDER: Final = "patches"
_DONE: Final = "Extract or import it anew"


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

    def __len__(self) -> int:
        return len(self.labels)

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path, "_handle": None, "_owner": -1}

    @cached_property
    def header(self) -> schema.Header:
        """The root attributes."""
        attributes = dict(self.file.attrs)
        try:
            return schema.Header.from_attributes(attributes)
        except KeyError as error:
            item = str(error.args[0])
            raise ContractError(self.path, item, "an attribute", "nothing", _DONE) from error
        except ValueError as error:
            raise ContractError(
                self.path, "attributes", "values as specified", str(error)
            ) from error

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
        return json.loads(str(self.file.attrs["counts"]))

    @property
    def codec(self) -> Codec:
        """How the pixels are stored; ``none`` in a file of locations."""
        if schema.PATCHES in self.file:
            return "raw"
        return "jpeg" if schema.JPEG_BYTES in self.file else "none"

    @property
    def file(self) -> h5py.File:
        """The open HDF5 file of this process."""
        if self._handle is None or self._owner != os.getpid():
            self._handle = _open(self.path)
            self._owner = os.getpid()
        return self._handle

    def column(self, name: str) -> npt.NDArray[Any]:
        """A whole one-row-per-item dataset, such as `schema.TUMOR_FRACTION`."""
        if name not in self.file:
            raise ContractError(self.path, f"/{name}", "a dataset", "nothing", _DONE)
        return np.asarray(self.file[name])

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
        size = self.header.patch_size
        patches = np.empty((len(rows), size, size, 3), dtype=np.uint8)
        if self.codec == "raw":
            stored: Any = self.file[schema.PATCHES]
            for first, last, at in _runs(rows):
                patches[at] = stored[first:last]
        elif self.codec == "jpeg":
            for at, row in enumerate(rows):
                patches[at] = self._decoded(int(row))
        else:
            found = "locations only"
            raise ContractError(
                self.path, f"/{schema.PATCHES}", "pixels", found, "Extract without --no-pixels"
            )
        return patches

    def close(self) -> None:
        """Close the file; it opens again on the next use."""
        if self._handle is not None and self._owner == os.getpid():
            self._handle.close()
        self._handle = None

    @cached_property
    def _offsets(self) -> npt.NDArray[np.int64]:
        return self.column(schema.JPEG_OFFSETS)

    def _decoded(self, row: int) -> npt.NDArray[np.uint8]:
        stored: Any = self.file[schema.JPEG_BYTES]
        patch = decode_jpeg(stored[self._offsets[row] : self._offsets[row + 1]])
        size = self.header.patch_size
        if patch is None or patch.shape != (size, size, 3):
            found = "bytes that do not decode" if patch is None else f"a patch of {patch.shape}"
            expected = f"a JPEG of {size} x {size} px"
            raise ContractError(self.path, f"/{schema.JPEG_BYTES}[{row}]", expected, found, _DONE)
        return patch


def find_patch_files(folder: Path) -> list[PatchFile]:
    """The patch files of a folder, or of its ``patches`` folder, by slide and part.

    Parts are taken as their slide when all of them are there.

    Raises
    ------
    ConfigError
        Where there are none.
    ContractError
        Where parts of a slide are missing, or parts and a whole file stand side by side.
    """
    inside = folder / FOLDER if (folder / FOLDER).is_dir() else folder
    paths = sorted(p for p in inside.glob(f"*{schema.SUFFIX}") if not p.name.startswith("."))
    if not paths:
        raise ConfigError(
            f"{inside}: expected patch files (*{schema.SUFFIX}), found none. "
            "Give the folder layer1-extract wrote"
        )
    _check_parts(inside, paths)
    return [PatchFile(path) for path in paths]


def _check_parts(folder: Path, paths: Sequence[Path]) -> None:
    """Refuse an incomplete set of parts; told by name, before any file is opened."""
    pattern = re.compile(rf"(.+)\.part-(\d+)-of-(\d+){re.escape(schema.SUFFIX)}")
    found: dict[tuple[str, int], set[int]] = defaultdict(set)
    for path in paths:
        if match := pattern.fullmatch(path.name):
            found[match[1], int(match[3])].add(int(match[2]))
    for (slide_id, parts), there in found.items():
        missing = sorted(set(range(parts)) - there)
        if missing:
            said = ", ".join(f"{part}" for part in missing)
            raise ContractError(
                folder, slide_id, f"{parts} parts", f"no part {said}", "Extract what is missing"
            )
        whole = folder / f"{slide_id}{schema.SUFFIX}"
        if whole in paths or sum(slide_id == other for other, _ in found) > 1:
            raise ContractError(
                folder, slide_id, "one set of parts, or one whole file", "both", "Remove one"
            )


def _open(path: Path) -> h5py.File:
    try:
        file = h5py.File(path, "r", locking=False)
    except OSError as error:
        found = "no file" if not path.exists() else f"a file HDF5 cannot open ({error})"
        raise ContractError(path, "format", "a patch file", found, _DONE) from error
    name, version = file.attrs.get("format"), str(file.attrs.get("format_version", ""))
    if name != schema.FORMAT:
        raise ContractError(
            path, "format", schema.FORMAT, repr(name), "layer1-extract import reads other layouts"
        )
    if version.split(".")[0] != schema.FORMAT_VERSION.split(".")[0]:
        writer = file.attrs.get("software", "an unknown software")
        raise ContractError(
            path,
            "format_version",
            f"{schema.FORMAT_VERSION.split('.')[0]}.x",
            f"{version!r} written by {writer}",
            "Read it with that software, or a newer one",
        )
    if not bool(file.attrs.get("complete", False)):
        raise ContractError(path, "complete", "true", "false", _DONE)
    return file


def _runs(rows: npt.NDArray[np.int64]) -> list[tuple[int, int, slice]]:
    """Stretches of consecutive rows: first row, row after the last, place in the result."""
    breaks = np.flatnonzero(np.diff(rows) != 1) + 1
    starts = np.concatenate([[0], breaks]).astype(int) if len(rows) else np.empty(0, int)
    ends = np.concatenate([breaks, [len(rows)]]).astype(int)
    return [
        (int(rows[start]), int(rows[end - 1]) + 1, slice(start, end))
        for start, end in zip(starts, ends, strict=False)
    ]
