"""Files that the system cannot get at from here, which says nothing of what is in them.

A file server that is gone, a folder that is not mounted on this node, a permission: elsewhere, or
later, the same file may be whole.
"""

from __future__ import annotations

import errno
import os
import socket
from typing import TYPE_CHECKING, Final

from common.files import spread_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_NAMES: Final = (
    "ENOENT ENOTDIR EACCES EPERM EIO EREMOTEIO ESTALE ENODEV ENXIO ENOLINK ENOTCONN ECONNREFUSED "
    "ECONNRESET ECONNABORTED ESHUTDOWN ETIMEDOUT EHOSTDOWN EHOSTUNREACH ENETDOWN ENETUNREACH "
    "EMFILE ENFILE"
)
_ERRORS: Final = frozenset(getattr(errno, name) for name in _NAMES.split())
_TEXTS: Final = (os.strerror(errno.EIO), os.strerror(errno.ESTALE))
"""All that libraries hand on of what the system told them."""


def out_of_reach(files: Iterable[Path], error: BaseException | None = None) -> str:
    """Name of this host where it cannot get at one of these files; empty where it can at all.

    Parameters
    ----------
    files : iterable of Path
        Of which blocks are read, from start to end; of a folder its list.
    error : BaseException or None
        What reading them ended with: one of the system about them tells it too, or the words of one
        with the name of a file, though they may be back by now.
    """
    paths = list(files)
    told = any(_tells(one, {str(path) for path in paths}) for one in _causes(error))
    return socket.gethostname() if told or any(map(_cannot_be_read, paths)) else ""


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _tells(error: BaseException, names: set[str]) -> bool:
    if isinstance(error, OSError) and error.filename is not None:
        return error.errno in _ERRORS and os.fsdecode(error.filename) in names
    said = str(error)
    return any(text in said for text in _TEXTS) and any(name in said for name in names)


def _cannot_be_read(path: Path) -> bool:
    try:
        os.listdir(path) if path.is_dir() else spread_hash(path)  # noqa: PTH208 - not its content
    except OSError as error:
        return error.errno in _ERRORS
    return False
