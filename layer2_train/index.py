"""Where every labelled patch of a dataset is, kept on disk.

Given one folder, ranks and commands read the same index, and who comes first writes it.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import ExitStack
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from common.files import whole_file
from common.patch_file import schema

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from common.patch_file.reader import PatchFile

_VERSION: Final = 1
_COUNTS, _LABELS, _ROWS, _MEMBERS = "counts", "labels", "rows", "members"
_TYPES: Final = {_COUNTS: "<i8", _LABELS: "<i1", _ROWS: "<i4", _MEMBERS: "<i8"}
_CLASSES: Final = (schema.NORMAL, schema.TUMOR)


@dataclass(frozen=True, eq=False)
class Index:
    """The labelled patches of some patch files, by file, then by row.

    Attributes
    ----------
    counts : (F, 2) int64
        Normal and tumour patches of each file.
    labels : (N,) int8
        1 tumour, 0 normal.
    rows : (N,) int32
        Row of each patch in its file.
    members : (N,) int64
        The patches once more, by label, then by centre, then by file and row.
    """

    counts: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int8]
    rows: npt.NDArray[np.int32]
    members: npt.NDArray[np.int64]


def open_index(files: Sequence[PatchFile], folder: Path) -> Index:
    """The index of `files`, from `folder`, where it is written if it is not there.

    Its arrays are mapped from disk and take no memory of their own; `folder` may be removed
    meanwhile. Each set of files has an index of its own there, so several may share the folder,
    and any number of processes may come at once.

    Raises
    ------
    ContractError
        If a file cannot be read.
    ConfigError
        If the index cannot be written.
    """
    own = folder / _identity(files)
    found = _mapped(own, len(files))
    if found is None:
        _write(files, own)
        found = _mapped(own, len(files))
    assert found is not None
    return found


def _identity(files: Sequence[PatchFile]) -> str:
    """Hexadecimal hash of what the index depends on, without a look at the labels."""
    digest = hashlib.sha256(f"{_VERSION} {len(files)}".encode())
    for file in files:
        header, status = file.header, file.path.stat()
        told = [
            *(file.path.name, status.st_size, status.st_mtime_ns),
            *(header.slide_fingerprint, header.config_sha256, header.centre),
        ]
        digest.update(json.dumps(told).encode())
    return f"index-{digest.hexdigest()[:16]}"


def _write(files: Sequence[PatchFile], folder: Path) -> None:
    """Write all columns, file by file; the one that is written last is there when all are."""
    counts = np.zeros((len(files), len(_CLASSES)), np.int64)
    with ExitStack() as opened:
        labels, rows = (_column(opened, folder, name) for name in (_LABELS, _ROWS))
        for number, file in enumerate(files):
            every = file.column(schema.LABELS)
            file.close()
            known = np.flatnonzero(np.isin(every, _CLASSES))
            counts[number] = [(every == label).sum() for label in _CLASSES]
            every[known].astype(_TYPES[_LABELS]).tofile(labels)
            known.astype(_TYPES[_ROWS]).tofile(rows)
    with ExitStack() as opened:
        counts.astype(_TYPES[_COUNTS]).tofile(_column(opened, folder, _COUNTS))
    _write_members([file.header.centre for file in files], counts, folder)


def _write_members(centres: Sequence[str], counts: npt.NDArray[np.int64], folder: Path) -> None:
    starts = np.cumsum([0, *counts.sum(axis=1)])
    labels = _map(folder, _LABELS, (int(starts[-1]),))
    with ExitStack() as opened:
        members = _column(opened, folder, _MEMBERS)
        for label in _CLASSES:
            for number in sorted(range(len(centres)), key=lambda number: centres[number]):
                own = np.flatnonzero(labels[starts[number] : starts[number + 1]] == label)
                (starts[number] + own).astype(_TYPES[_MEMBERS]).tofile(members)


def _column(opened: ExitStack, folder: Path, name: str) -> Any:
    return opened.enter_context(opened.enter_context(whole_file(folder / name)).open("wb"))


def _mapped(folder: Path, files: int) -> Index | None:
    """The index in `folder`; None where it is not there, or not whole."""
    if not (folder / _MEMBERS).exists():
        return None
    if (counts := _map(folder, _COUNTS, (files, len(_CLASSES)))) is None:
        return None
    shape = (int(counts.sum()),)
    columns = [_map(folder, name, shape) for name in (_LABELS, _ROWS, _MEMBERS)]
    return None if any(one is None for one in columns) else Index(counts, *columns)


def _map(folder: Path, name: str, shape: tuple[int, ...]) -> Any:
    """An array of this shape; None where the file holds another number of bytes."""
    path, dtype = folder / name, np.dtype(_TYPES[name])
    if path.stat().st_size != prod(shape) * dtype.itemsize:
        return None
    if 0 in shape:  # nothing cannot be mapped
        return np.empty(shape, dtype)
    return np.asarray(np.memmap(path, dtype, mode="r", shape=shape))
