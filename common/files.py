"""Files and folders that are either whole or absent."""

from __future__ import annotations

import errno
import glob
import hashlib
import os
import re
import secrets
import shutil
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from common.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

PARTIAL = ".partial"
_PARTIAL_NAME: Final = re.compile(r"\..+\.[0-9a-f]{16}\.partial", re.DOTALL)
_BLOCK = 1 << 20
_DISK_ERRORS: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG})
_NO_FLUSH: Final = frozenset({errno.EINVAL, errno.EBADF, errno.ENOSYS, errno.EOPNOTSUPP})
_STALE_S: Final = 24 * 3600
_SPREAD_BLOCKS = 64
_SPREAD_BLOCK = 65_536


@contextmanager
def whole_file(path: Path) -> Generator[Path, None, None]:
    """Yield a path to write to; on success it becomes `path`, on an error it vanishes.

    The bytes are on the disk before the name is: a job killed at any moment leaves either the
    previous file or the new one. The name holds a random token, not a process id, because
    containers on two nodes share process ids.
    """
    partial = _partial(path)
    with writable(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with writable(path, inside=partial):
            yield partial
        with writable(path):
            _sync(partial)
            partial.replace(path)
            _sync(path.parent)
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Generator[Path, None, None]:
    """Yield a folder to fill; on success it becomes `path`, replacing a folder there.

    The old folder is moved aside before the new one takes its name, and removed after.
    """
    partial = _partial(path)
    old = _partial(path)
    with writable(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.mkdir()
    try:
        with writable(path, inside=partial):
            yield partial
        with writable(path):
            for file in sorted(partial.rglob("*")):
                _sync(file)
            if path.exists():
                path.replace(old)
            partial.replace(path)
            _sync(path.parent)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        if path.exists():
            shutil.rmtree(old, ignore_errors=True)


@contextmanager
def writable(path: Path, inside: Path | None = None) -> Generator[None, None, None]:
    """Tell a disk that cannot be written from a bug.

    Parameters
    ----------
    path : Path
        What is being written.
    inside : Path or None
        Where it is written meanwhile, by code that may do other things too: an error that names
        another file, or none, is the disk's only if nothing but writing has it. None takes all.

    Raises
    ------
    ConfigError
        Naming the file, what the system said and what to do.
    """
    try:
        yield
    except OSError as error:
        if inside is not None and not _is_of_disk(error, inside):
            raise
        raise ConfigError(
            f"{path}: expected a file that can be written, found: {error.strerror or error}. "
            "Give another --out, or make room; the same command goes on from what is finished"
        ) from error


def _is_of_disk(error: OSError, inside: Path) -> bool:
    """Whether an error is that `inside` cannot be written, and not about some other file."""
    named = Path(os.fsdecode(error.filename)) if error.filename else None
    return error.errno in _DISK_ERRORS or (named is not None and named.is_relative_to(inside))


def remove_stale_partials(path: Path) -> None:
    """Remove what killed processes left of `path` more than a day ago.

    Younger ones may be another task's, at work on the same file.
    """
    _remove_stale(path.parent, path.parent.glob(f".{glob.escape(path.name)}.*{PARTIAL}"))


def sweep(folder: Path) -> None:
    """Remove what killed processes left in a folder of results more than a day ago.

    In it and in the folders it holds, whichever files it was to become: those that were finished
    since are not written again.
    """
    for inside in (folder, *(path for path in folder.glob("*") if path.is_dir())):
        found = inside.glob(f".*{PARTIAL}")
        _remove_stale(inside, (path for path in found if _PARTIAL_NAME.fullmatch(path.name)))


def clock_of(folder: Path) -> float:
    """Now, by the clock that tells when files of a folder were written; seconds since 1970.

    A file server has a clock of its own: how old a file is there cannot be told by that of this
    node. Where nothing can be written, ours has to do.
    """
    path = _partial(folder / "clock")
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    except OSError:
        return time.time()
    try:
        return os.fstat(descriptor).st_mtime
    finally:
        os.close(descriptor)
        path.unlink(missing_ok=True)


def look_anew(folder: Path) -> None:
    """Ask a file server what is in a folder, before something is taken not to be there.

    Network file systems remember for up to a minute that a name was not there, whatever other
    nodes have written since; a listing of the folder makes them ask again.
    """
    with suppress(OSError), os.scandir(folder) as entries:
        next(entries, None)


def set_aside(path: Path) -> Path | None:
    """Move a file out of the way of readers, into the folder ``set_aside`` beside it.

    What lies there is never replaced: another file of the same name gets a number, and one with
    the same bytes is not kept twice. Killed at any moment, the file is at one place or the other.

    Returns
    -------
    Path or None
        Where it lies now; None where there was no file.
    """
    folder = path.parent / "set_aside"
    if not path.exists():
        return None
    with writable(folder / path.name):
        folder.mkdir(exist_ok=True)
        target, before = _reserved(folder / path.name)
        try:
            path.replace(target)
        except OSError as error:
            target.unlink()
            if isinstance(error, FileNotFoundError):  # another task was faster
                return None
            raise
        return _first_of_same(target, before)


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8, whole or not at all."""
    with whole_file(path) as partial:
        partial.write_text(text, encoding="utf-8")


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of the bytes of one file."""
    digest = hashlib.sha256()
    for block in blocks(path):
        digest.update(block)
    return digest.hexdigest()


def blocks(path: Path) -> Generator[memoryview, None, None]:
    """The bytes of a file from start to end, in blocks that are overwritten by those that follow.

    The system is told that all of it will be read in order: from a disk that is two to five times
    as fast.
    """
    room = memoryview(bytearray(_BLOCK))
    with path.open("rb", buffering=0) as stream:
        with suppress(OSError):  # a hint, which some file systems do not take
            os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_SEQUENTIAL)
        while size := stream.readinto(room):
            yield room[:size]


def spread_hash(path: Path) -> str:
    """Fingerprint of a file of any size, cheap and free of path and time.

    Hexadecimal SHA-256 over the size and 64 blocks of 64 KiB spread evenly from start to end.
    """
    size = path.stat().st_size
    last = max(0, size - _SPREAD_BLOCK)
    starts = sorted({round(i * last / (_SPREAD_BLOCKS - 1)) for i in range(_SPREAD_BLOCKS)})
    digest = hashlib.sha256(str(size).encode())
    with path.open("rb") as stream:
        for start in starts:
            stream.seek(start)
            digest.update(stream.read(_SPREAD_BLOCK))
    return digest.hexdigest()


def _remove_stale(folder: Path, partials: Iterable[Path]) -> None:
    found = list(partials)
    now = clock_of(folder) if found else 0.0
    for partial in found:
        with suppress(OSError):
            if now - partial.stat().st_mtime > _STALE_S:
                partial.unlink()


def _reserved(path: Path) -> tuple[Path, list[Path]]:
    """A name that no other process has, an empty file, and the files whose names come before it.

    It is `path`, or has 2, 3, ... before the suffix.
    """
    name, before = path, list[Path]()
    while True:
        try:
            name.open("xb").close()
        except FileExistsError:
            before.append(name)
            name = path.with_name(f"{path.stem}.{len(before) + 1}{path.suffix}")
        else:
            return name, before


def _first_of_same(path: Path, before: Iterable[Path]) -> Path:
    """`path`, unless a file that got its name before has the same bytes; then `path` is removed.

    No two processes remove each other's, since each looks at lower numbers only.
    """
    for other in before:
        with suppress(FileNotFoundError):  # the same bytes are in one that is lower still
            if _same_bytes(path, other):
                path.unlink()
                return other
    return path


def _same_bytes(one: Path, other: Path) -> bool:
    """Whether two files hold the same, whatever was found of files of these names, sizes and times.

    `filecmp` would remember that, and two writes within a moment have the same time.
    """
    return one.stat().st_size == other.stat().st_size and sha256(one) == sha256(other)


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(8)}{PARTIAL}")


def _sync(path: Path) -> None:
    """Flush one file or folder to the disk; not every file system can flush a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_FLUSH or not path.is_dir():
            raise
    finally:
        os.close(descriptor)
