"""Whether a file system locks files, and whether its locks shut others out."""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


def try_flock(path: Path) -> None:
    """Lock a file that is there, as a whole; what opens it a second time must be refused.

    Raises
    ------
    OSError
        If it cannot be locked, or is locked twice.
    """
    with opened(path) as first, opened(path) as second:
        fcntl.flock(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
    raise _given_twice()


def try_fcntl(path: Path) -> None:
    """The same by POSIX locks, which are between processes: another one asks for it.

    Raises
    ------
    OSError
        If it cannot be locked, or is locked twice.
    """
    with path.open("r+b") as stream:
        fcntl.lockf(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        other = os.fork()
        if not other:
            os._exit(_is_given(path))
        if os.waitstatus_to_exitcode(os.waitpid(other, 0)[1]):
            raise _given_twice()


@contextmanager
def opened(path: Path) -> Generator[int, None, None]:
    """A descriptor of a file or folder, to be read."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _is_given(path: Path) -> bool:
    """Whether this process gets the lock."""
    try:
        with path.open("r+b") as stream:
            fcntl.lockf(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _given_twice() -> OSError:
    return OSError(errno.ENOLCK, "given to two at a time")
