"""Copies that are read back, so that what arrived is what was sent."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeVar

from common.errors import PipelineError, SlideError
from common.files import spread_hash, whole_file
from common.staging.copying import copied, hashed, naming
from common.staging.status import status_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from common.staging.copying import Copy
    from common.staging.status import Status

T = TypeVar("T")
_SHOWN: Final = 12
_ADVICE: Final = "Check the disk and the memory of this machine, or leave out --scratch"
log = logging.getLogger(__name__)


class CopyError(PipelineError):
    """A copy is not what was copied."""

    exit_status = SlideError.exit_status


def fetched(source: Path, target: Path, copy: Copy = copied) -> str:
    """Copy a file to scratch, and read it there to prove it; tried once more where that fails.

    It is read from the disk, where the system lets go of what it has in memory.

    Returns
    -------
    str
        SHA-256 of the copy.

    Raises
    ------
    CopyError
        If the copy differs from what was read, or the source changed meanwhile, both times.
    OSError
        As the system says.
    """
    return _twice(lambda: _fetched(source, target, copy))


def brought_back(local: Path, path: Path, copy: Copy = copied) -> None:
    """Copy a result from scratch to `path`, which is whole or absent.

    What arrived is read back, from the disk where the system lets go of what it has in memory,
    before it takes its name; tried once more where it differs.

    Raises
    ------
    CopyError
        If it differs both times.
    ConfigError
        If `path` cannot be written.
    """
    _twice(lambda: _brought_back(local, path, copy))


def refuse_changed(source: Path, before: Status, sent: str) -> None:
    """Refuse a file that is not what it was; its bytes decide where only its number differs.

    Parameters
    ----------
    source : Path
    before : Status
        As it was.
    sent : str
        SHA-256 of what was read of it since.

    Raises
    ------
    CopyError
        If it was written to, or replaced.
    """
    now = status_of(source)
    if now != before and not (now.looks_like(before) and hashed(source) == sent):
        raise _changed(source)


def _changed(source: Path) -> CopyError:
    """The error of a file that was written to, or replaced, while it was copied."""
    return CopyError(
        f"{source}: expected a file that stays as it is, found that it changed while it was "
        "copied to scratch. Run again when it is no longer written to"
    )


def _fetched(source: Path, target: Path, copy: Copy) -> str:
    before = status_of(source)
    sent = copy(source, target)
    _to_disk(target)
    arrived = hashed(target)
    if arrived != sent:
        raise _differs(source, target, sent, arrived)
    refuse_changed(source, before, sent)
    if spread_hash(source) != spread_hash(target):
        raise _changed(source)
    os.utime(target, ns=(before.modified_ns, before.modified_ns))
    return arrived


def _brought_back(local: Path, path: Path, copy: Copy) -> None:
    with whole_file(path) as partial:
        sent = copy(local, partial)
        _to_disk(partial)
        if (arrived := hashed(partial)) != sent:
            raise _differs(path, local, sent, arrived)


def _twice(work: Callable[[], T]) -> T:
    try:
        return work()
    except CopyError as error:
        log.warning("%s. Tried once more", error)
        return work()


def _differs(file: Path, other: Path, sent: str, arrived: str) -> CopyError:
    return CopyError(
        f"{file}: sha256 of its copy, by way of {other.parent}: expected {sent[:_SHOWN]}, "
        f"found {arrived[:_SHOWN]}. {_ADVICE}"
    )


def _to_disk(path: Path) -> None:
    """Flush a file, and have the system forget what it remembers of it, if it will."""
    with path.open("rb") as stream, naming(path):
        os.fsync(stream.fileno())
        with suppress(OSError):
            os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
