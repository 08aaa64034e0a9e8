"""Proving that a folder is what its lock says."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from common.cli import Result
from common.errors import ContractError, SlideError
from layer1_extract.dataset_lock.differences import differences
from layer1_extract.dataset_lock.hashing import hash_files, in_units
from layer1_extract.dataset_lock.listing import list_files
from layer1_extract.dataset_lock.lock_file import NAME, LockedFile, read_lock, shown

if TYPE_CHECKING:
    from pathlib import Path

    from layer1_extract.dataset_lock.differences import Differences
    from layer1_extract.dataset_lock.listing import Listing
    from layer1_extract.dataset_lock.lock_file import Lock


def verify(folder: Path, workers: int, *, quick: bool = False, given: Path | None = None) -> Result:
    """Compare a folder with its lock; nothing is written.

    Parameters
    ----------
    folder : Path
    workers : int
        Files read at the same time.
    quick : bool
        Whether sizes are enough.
    given : Path or None
        A lock file that lies elsewhere.

    Returns
    -------
    Result
        Its status is 4 where a file is missing, changed or extra, 3 where one cannot be read.

    Raises
    ------
    ContractError
        If the lock is no lock file.
    """
    path = given or folder / NAME
    lock = read_lock(path)
    found = list_files(folder)
    unread = dict(found.unreadable)
    start = time.perf_counter()
    read = {} if quick else _contents(folder, lock, found, unread, workers)
    seconds = time.perf_counter() - start
    differing = differences(lock, {**found.files, **read})
    missing = [name for name in differing.missing if not _is_among(name, unread)]
    return _result(
        path, lock, replace(differing, missing=missing), unread, None if quick else seconds
    )


def _contents(
    folder: Path, lock: Lock, found: Listing, unread: dict[str, str], workers: int
) -> dict[str, LockedFile]:
    """Read the listed files whose size is right; those that cannot be read join `unread`."""
    todo = {
        name: found.files[name]
        for name, was in lock.files.items()
        if name in found.files and found.files[name].size == was.size
    }
    read: dict[str, LockedFile] = {}
    with closing(hash_files(folder, todo, workers, "verify")) as results:
        for result in results:
            if result.file is None:
                unread[result.name] = result.wrong
            else:
                read[result.name] = LockedFile(result.file.size, result.sha256)
    return read


def _is_among(name: str, unread: dict[str, str]) -> bool:
    """Whether a file, or a folder that holds it, could not be read."""
    return any(str(one) in unread for one in (name, *PurePosixPath(name).parents))


def _result(
    path: Path, lock: Lock, differing: Differences, unread: dict[str, str], seconds: float | None
) -> Result:
    """What was found; `seconds` of reading, None where only sizes were compared."""
    rate = lock.size / 1e6 / max(seconds, 1e-9) if seconds is not None else None
    unreadable = [f"  unreadable {shown(name)}: {why}" for name, why in sorted(unread.items())]
    lines = [_head(path, lock, rate, whole=not (differing or unread))]
    lines += [*differing.said("extra"), *unreadable]
    data = {
        "lock": str(path),
        "files": len(lock.files),
        "bytes": lock.size,
        "dataset": lock.dataset,
        "whole": not (differing or unread),
        "contents_read": rate is not None,
        "missing": differing.missing,
        "changed": differing.changed,
        "extra": differing.new,
        "unreadable": unread,
        "megabytes_per_second": None if rate is None else round(rate, 1),
    }
    status = SlideError.exit_status if unread else 0
    return Result("\n".join(lines), data, ContractError.exit_status if differing else status)


def _head(path: Path, lock: Lock, rate: float | None, *, whole: bool) -> str:
    listed = f"{len(lock.files)} files, {in_units(lock.size)}, locked {lock.made}"
    if not whole:
        return f"{path}: expected the {listed}, found others. Copy what is named anew"
    if rate is None:
        return f"{path}: names and sizes are those of the {listed}; contents were not read"
    return f"{path}: whole: {listed}; read at {rate:.0f} MB/s\ndataset {lock.dataset}"
