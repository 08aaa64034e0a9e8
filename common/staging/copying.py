"""Bytes from one disk to another, in large blocks, and the hash of what was read."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import cycle
from typing import TYPE_CHECKING, Final

from common.files import blocks
from common.stopping import stop_if_asked

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    Copy = Callable[[Path, Path], str]

_BLOCK: Final = 8 << 20


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

    Raises
    ------
    OSError
        By the name of the file that cannot be read or written.
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
            with naming(source):
                count = incoming.readinto(view) or 0
            if hashing is not None:
                hashing.result()
            if not count:
                break
            hashing = pool.submit(digest.update, view[:count])
            with naming(target):
                _write_all(outgoing.fileno(), view[:count])
            size += count
        with naming(target):
            outgoing.truncate(size)
    return digest.hexdigest()


def hashed(path: Path) -> str:
    """Hexadecimal SHA-256 of a file; it stops where a process is asked to stop."""
    digest = hashlib.sha256()
    with naming(path):
        for block in blocks(path):
            stop_if_asked()
            digest.update(block)
    return digest.hexdigest()


@contextmanager
def naming(path: Path) -> Generator[None, None, None]:
    """Name `path` in an error of the system: one about an open file does not say which it is."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


def _write_all(descriptor: int, view: memoryview) -> None:
    while view:
        view = view[os.write(descriptor, view) :]
