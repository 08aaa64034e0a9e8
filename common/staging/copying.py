"""Bytes from one disk to another, and proof that they arrived."""

from __future__ import annotations

import hashlib
import logging
import os
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING, Final, TypeVar

from common.errors import PipelineError, SlideError
from common.files import blocks, spread_hash, whole_file
from common.stopping import stop_if_asked

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    Copy = Callable[[Path, Path], str]

T = TypeVar("T")
_BLOCK: Final = 8 << 20
_SHOWN: Final = 12
_ADVICE: Final = "Check the disk and the memory of this machine, or leave out --scratch"
log = logging.getLogger(__name__)


class CopyError(PipelineError):
    """A copy is not what was copied."""

    exit_status = SlideError.exit_status


def copied(source: Path, target: Path) -> str:
    """Copy a file in large blocks, from start to end; it stops where a process is asked to stop.

    Parameters
    ----------
    source : Path
    target : Path
        May be there, with room already taken.

    Returns
    -------
    str
        Hexadecimal SHA-256 of the bytes that were read.
    """
    digest, size = hashlib.sha256(), 0
    hashing: Future[None] | None = None
    views = cycle([memoryview(bytearray(_BLOCK)) for _ in range(2)])
    with (
        ThreadPoolExecutor(1, thread_name_prefix="sha256") as pool,
        source.open("rb", buffering=0) as incoming,
        target.open("r+b" if target.exists() else "xb", buffering=0) as outgoing,
    ):
        with suppress(OSError):  # a hint, which some file systems do not take
            os.posix_fadvise(incoming.fileno(), 0, 0, os.POSIX_FADV_SEQUENTIAL)
        for view in views:
            stop_if_asked()
            count = incoming.readinto(view) or 0
            if hashing is not None:
                hashing.result()
            if not count:
                break
            hashing = pool.submit(digest.update, view[:count])
            _write_all(outgoing.fileno(), view[:count])
            size += count
        outgoing.truncate(size)
    return digest.hexdigest()


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


def _fetched(source: Path, target: Path, copy: Copy) -> str:
    before = source.stat()
    sent = copy(source, target)
    _to_disk(target)
    arrived = hashed(target)
    if arrived != sent or target.stat().st_size != before.st_size:
        raise _differs(source, target, sent, arrived)
    after = source.stat()
    same = (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    if not same or spread_hash(source) != spread_hash(target):
        raise CopyError(
            f"{source}: expected a file that stays as it is, found that it changed while it was "
            "copied to scratch. Run again when it is no longer written to"
        )
    os.utime(target, ns=(after.st_atime_ns, after.st_mtime_ns))
    return arrived


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

    def bring() -> None:
        with whole_file(path) as partial:
            sent = copy(local, partial)
            _to_disk(partial)
            if (arrived := hashed(partial)) != sent:
                raise _differs(path, local, sent, arrived)

    _twice(bring)


def hashed(path: Path) -> str:
    """Hexadecimal SHA-256 of a file; it stops where a process is asked to stop."""
    digest = hashlib.sha256()
    for block in blocks(path):
        stop_if_asked()
        digest.update(block)
    return digest.hexdigest()


@dataclass(frozen=True)
class Desk:
    """Where results are written before they go to their place.

    Attributes
    ----------
    folder : Path
        On scratch; must exist.
    copy : callable
        What copies a file, as `copied` does.
    """

    folder: Path
    copy: Copy = copied


@contextmanager
def brought(path: Path, desk: Desk | None) -> Generator[Path, None, None]:
    """Yield where to write the file that becomes `path` when this ends well.

    With a desk it is written there, whole, and then brought; None writes to `path` itself.
    """
    if desk is None:
        yield path
        return
    local = desk.folder / path.name
    try:
        yield local
        brought_back(local, path, desk.copy)
    finally:
        with suppress(OSError):
            local.unlink(missing_ok=True)


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


def _write_all(descriptor: int, view: memoryview) -> None:
    while view:
        view = view[os.write(descriptor, view) :]


def _to_disk(path: Path) -> None:
    """Flush a file, and have the system forget what it remembers of it, if it will."""
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
        with suppress(OSError):
            os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
