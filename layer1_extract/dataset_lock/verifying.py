"""Proving that a folder is what its lock says."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from common.amounts import size
from common.cli import Result
from common.errors import ContractError, SlideError
from layer1_extract.dataset_lock.differences import differences
from layer1_extract.dataset_lock.hashing import hash_files
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
        If the lock is no lock file, or lists nothing.
    """
    path = given or folder / NAME
    lock = read_lock(path)
    if not lock.files:
        advice = "Was the folder mounted when it was locked? Lock it anew"
        raise ContractError(path, "files", "files", "none", advice)
    found = list_files(folder)
    unread = dict(found.unreadable)
    named = not differences(lock, found.files) and not unread
    read, rate = ({}, None) if quick else _contents(folder, lock, found, unread, workers)
    differing = differences(lock, {**found.files, **read})
    missing = [name for name in differing.missing if not _is_among(name, unread)]
    return _result(path, lock, replace(differing, missing=missing), unread, rate, named=named)


def _contents(
    folder: Path, lock: Lock, found: Listing, unread: dict[str, str], workers: int
) -> tuple[dict[str, LockedFile], float]:
    """The listed files whose size is right, read at so many MB/s; the others join `unread`."""
    todo = {
        name: found.files[name]
        for name, was in lock.files.items()
        if name in found.files and found.files[name].size == was.size
    }
    read: dict[str, LockedFile] = {}
    count, start = 0, time.perf_counter()
    with closing(hash_files(folder, todo, workers, "verify")) as results:
        for result in results:
            count += result.read
            if result.file is None:
                unread[result.name] = result.wrong
            else:
                read[result.name] = LockedFile(result.file.size, result.sha256)
    return read, count / 1e6 / max(time.perf_counter() - start, 1e-9)


def _is_among(name: str, unread: dict[str, str]) -> bool:
    """Whether a file, or a folder that holds it, could not be read."""
    return any(str(one) in unread for one in (name, *PurePosixPath(name).parents))


def _result(
    path: Path,
    lock: Lock,
    differing: Differences,
    unread: dict[str, str],
    rate: float | None,
    *,
    named: bool,
) -> Result:
    """What was found, and whether names and sizes are right; `rate` is None where nothing was read.

    Without contents a folder may be known not to be whole, and never to be.
    """
    well = not (differing or unread)
    unreadable = [f"  unreadable {shown(name)}: {why}" for name, why in sorted(unread.items())]
    lines = [_head(path, lock, rate, whole=well)]
    lines += [*differing.said("extra"), *unreadable]
    data = {
        "lock": str(path),
        "files": len(lock.files),
        "bytes": lock.size,
        "dataset": lock.dataset,
        "whole": None if well and rate is None else well,
        "names_and_sizes": named,
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
    listed = f"{len(lock.files)} files, {size(lock.size)}, locked {lock.made}"
    if not whole:
        return f"{path}: expected the {listed}, found others. Copy what is named anew"
    if rate is None:
        return f"{path}: names and sizes are those of the {listed}; contents were not read"
    return f"{path}: whole: {listed}; read at {rate:.0f} MB/s\ndataset {lock.dataset}"
