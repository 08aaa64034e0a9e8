"""Whether one file or folder can be reached and read, and what to do where it cannot."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from common.doctor.container import to_bind
from common.doctor.ownership import permission

if TYPE_CHECKING:
    from common.doctor.host import Host

_ASK: Final = "ask its owner for chmod o+r (folders: o+rx)"
_CIRCLE: Final = "mend the links, which lead in a circle"
_GONE: Final = "is its server there? Else the disk it is on may be damaged"


def unreadable(host: Host, path: Path) -> tuple[str, str] | None:
    """Why a file or folder cannot be read, and what to do; None where it can."""
    return _lost(host, path) or _closed(host, path)


def _lost(host: Host, path: Path) -> tuple[str, str] | None:
    """What is said of a file that is not there, and what to do."""
    try:
        path.stat()
    except FileNotFoundError:
        pass
    except OSError as error:
        return _told(host, path, error)
    else:
        return None
    broken = (link for link in (path, *path.parents) if link.is_symlink())
    link = next((link for link in broken if not os.path.exists(link)), None)  # noqa: PTH110 - never raises
    if link is None:
        words = to_bind(host, path.parent if path.suffix else path)
        bind = f"; bind {'its folder' if path.suffix else 'it'}: {words}" if words else ""
        return f"{path} is not there", f"give a path that is{bind}"
    target = Path(os.path.realpath(link))  # the end of a chain of links
    return f"{link} is a link to {target}, which is not there", _seen(host, link, target)


def _seen(host: Host, link: Path, target: Path) -> str:
    words = to_bind(host, target.parent)
    if not words:
        return "mount what it leads to, or copy it"
    if not link.readlink().is_absolute():
        return "it leads out of what is bound: bind the folder that holds it and where it leads to"
    return f"bind where it leads to, too: {words}"


def _closed(host: Host, path: Path) -> tuple[str, str] | None:
    """What is said of a file that may not be read, or a folder that cannot be listed to its end."""
    if not host.reads(path):
        return f"{path} cannot be read", permission(host, path, _ASK)
    try:
        if path.is_dir():
            sum(1 for _ in path.iterdir())
    except OSError as error:
        return _told(host, path, error)
    return None


def _told(host: Host, path: Path, error: OSError) -> tuple[str, str]:
    """What the system says, and what follows from it."""
    said = f"{path}: {error.strerror}"
    if error.errno in {errno.EACCES, errno.EPERM}:
        return said, permission(host, path, _ASK)
    return said, _CIRCLE if error.errno == errno.ELOOP else _GONE
