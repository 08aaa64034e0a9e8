"""Making the lock of a folder."""

from __future__ import annotations

import logging
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from common.amounts import size
from common.cli import Result
from common.errors import ConfigError, ContractError, SlideError
from layer1_extract.dataset_lock.differences import Differences, differences
from layer1_extract.dataset_lock.hashing import hash_files
from layer1_extract.dataset_lock.journal import journal, remembered
from layer1_extract.dataset_lock.listing import list_files
from layer1_extract.dataset_lock.lock_file import (
    NAME,
    Lock,
    LockedFile,
    read_lock,
    shown,
    write_lock,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from layer1_extract.dataset_lock.journal import Journal
    from layer1_extract.dataset_lock.listing import FoundFile, Listing

_CHANGED: Final = "it changed while the folder was locked"
log = logging.getLogger(__name__)


def lock(folder: Path, workers: int, *, update: bool = False, drop_missing: bool = False) -> Result:
    """Write the lock file of a folder, or find that it is right already.

    What was hashed when the command is killed stays hashed: the next one goes on.

    Parameters
    ----------
    folder : Path
    workers : int
        Files read at the same time.
    update : bool
        Whether a lock that is there may be replaced where files are new or changed.
    drop_missing : bool
        Whether it may be replaced where files it lists are gone, too.

    Raises
    ------
    ContractError
        If the lock there is no lock file.
    ConfigError
        If nothing can be written in the folder, or there is nothing to list.
    """
    path = folder / NAME
    if path.is_dir():
        raise ConfigError(f"{path}: expected a lock file or nothing, found a folder. Rename it")
    before = read_lock(path) if path.is_file() else None
    found = list_files(folder)
    _warn(folder, found)
    allowed = _Allowed(update, drop_missing)
    if before and (refusal := _refusal(path, differences(before, found.files), allowed)):
        return refusal
    if not found.files and not found.unreadable:
        raise ConfigError(f"{folder}: expected files, found none. Is it mounted?")
    with journal(folder) as kept:
        files, wrong, rate = _hashed(folder, found, kept, workers)
        if wrong:
            return _unreadable(folder, wrong)
        differing = differences(before, files) if before else Differences()
        if refusal := _refusal(path, differing, allowed):
            return refusal
        made = before if before and not differing else Lock.now(files)
        if made is not before:
            write_lock(path, made)
        kept.remove()
    return _locked(path, made, found, differing, rate)


@dataclass(frozen=True)
class _Allowed:
    """How a lock that is there may be replaced."""

    new_files: bool
    fewer_files: bool


def _hashed(
    folder: Path, found: Listing, kept: Journal, workers: int
) -> tuple[dict[str, LockedFile], dict[str, str], float]:
    """Every file with its hash; what could not be read, and why; MB/s of what was."""
    known = remembered(folder, found.files)
    todo = {name: file for name, file in found.files.items() if name not in known}
    if known:
        log.info("%d of %d files were hashed before", len(known), len(found.files))
    files = {name: LockedFile(found.files[name].size, sha256) for name, sha256 in known.items()}
    wrong, stood = dict(found.unreadable), dict(found.files)
    read, start = 0, time.perf_counter()
    with closing(hash_files(folder, todo, workers, "lock")) as results:
        for result in results:
            read += result.read
            if result.file is None:
                wrong[result.name] = result.wrong
                continue
            kept.add(result)
            stood[result.name] = result.file
            files[result.name] = LockedFile(result.file.size, result.sha256)
    rate = read / 1e6 / max(time.perf_counter() - start, 1e-9)
    wrong |= {name: _CHANGED for name in _restless(stood, list_files(folder)) if name not in wrong}
    return files, wrong, rate


def _restless(stood: Mapping[str, FoundFile], now: Listing) -> list[str]:
    """Files that came, went or changed since they were read."""
    names = dict.fromkeys([*stood, *now.files])
    return [name for name in names if stood.get(name) != now.files.get(name)]


def _warn(folder: Path, found: Listing) -> None:
    for name in found.leaving:
        log.warning(
            "%s: %s: a link that leaves the folder; copy what it leads to as well, "
            "with rsync --copy-unsafe-links for one",
            folder,
            shown(name),
        )
    for name in found.odd:
        log.warning("%s: %s: neither a file nor a folder; it is not listed", folder, shown(name))


def _refusal(path: Path, found: Differences, allowed: _Allowed) -> Result | None:
    """What stands against replacing a lock; None where nothing does."""
    if found.missing and not (allowed.new_files and allowed.fewer_files):
        advice = "Bring the missing files back, or give --update --drop-missing to forget them"
    elif found and not allowed.new_files:
        advice = "Give --update if it is meant to list what is there now"
    else:
        return None
    head = f"{path}: expected the files it lists, found others. {advice}"
    text = "\n".join([head, *found.said("new")])
    return Result(text, asdict(found), ContractError.exit_status)


def _unreadable(folder: Path, wrong: Mapping[str, str]) -> Result:
    head = (
        f"{folder}: expected files that can be read and do not change, found {len(wrong)} others. "
        "Nothing was locked; the same command goes on from what is hashed"
    )
    lines = [f"  unreadable {shown(name)}: {why}" for name, why in sorted(wrong.items())]
    return Result("\n".join([head, *lines]), {"unreadable": dict(wrong)}, SlideError.exit_status)


def _locked(path: Path, made: Lock, found: Listing, changes: Differences, rate: float) -> Result:
    head = f"{path}: {len(made.files)} files, {size(made.size)}, read at {rate:.0f} MB/s"
    lines = [head, *changes.said("new"), f"dataset {made.dataset}"]
    data = {
        "lock": str(path),
        "files": len(made.files),
        "bytes": made.size,
        "dataset": made.dataset,
        "megabytes_per_second": round(rate, 1),
        "leaving": found.leaving,
        **asdict(changes),
    }
    return Result("\n".join(lines), data)
