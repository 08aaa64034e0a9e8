"""Whose a folder on scratch is, and whether its process is still there.

A folder's name holds host, process and a random token, so that nothing has to be written into it,
and nothing locked, to know whom it belongs to.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import socket
import stat
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from common.files import clock_of

if TYPE_CHECKING:
    from collections.abc import Iterator

BEAT_S: Final = 60.0
SILENT_S: Final = 3600.0
"""A process that cannot be looked at is taken for dead when its folder was not touched so long."""

BUSY_S: Final = 3 * BEAT_S
"""A process that did not touch its folder so long is not waited for."""

_PREFIX: Final = "camnet"
_NAME: Final = re.compile(
    _PREFIX + r"\.(.*)\.([0-9a-f]{8})\.(\d+)\.(\d+)\.([0-9a-f]{16})", re.DOTALL
)
_START_FIELD: Final = 18  # of /proc/<pid>/stat, counted after the state
_ZOMBIE: Final = "Z"


def own_name() -> str:
    """A name that no other folder has: host, where process ids count, process, its start, token."""
    pid = os.getpid()
    host = socket.gethostname().replace("/", "-") or "host"
    return f"{_PREFIX}.{host}.{_place()}.{pid}.{_start(pid)}.{secrets.token_hex(8)}"


def folders(scratch: Path) -> Iterator[Path]:
    """The folders of this user's processes in `scratch`, by name; those nobody else can write to.

    Others may use the same scratch, and make whatever folders they like.
    """
    try:
        names = sorted(os.listdir(scratch))  # noqa: PTH208 - nothing but names is asked
    except OSError:
        return
    found = (scratch / name for name in names if _NAME.fullmatch(name))
    yield from (folder for folder in found if _is_ours(folder))


def is_alive(folder: Path) -> bool:
    """Whether the process that made a folder works on.

    A process of another container or node cannot be looked at; it touches its folder now and then.
    """
    found = is_there(folder.name)
    return _touched_within(folder, SILENT_S) if found is None else found


def is_there(name: str) -> bool | None:
    """Whether the process that has an `own_name` is there; None where that cannot be seen.

    Such as one of another host or container, or of another user where the system hides those.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        return False
    if match[2] != _place() or not _start(os.getpid()):
        return None
    pid = int(match[3])
    began = _start(pid)
    return None if not began and _is_hidden(pid) else began == int(match[4])


def is_busy(folder: Path) -> bool:
    """Whether the process that made a folder works on, and said so lately."""
    return is_alive(folder) and _touched_within(folder, BUSY_S)


def owner_of(folder: Path) -> str:
    """Who made a folder, for a person."""
    match = _NAME.fullmatch(folder.name)
    return folder.name if match is None else f"process {match[3]} of {match[1]}"


def _is_ours(folder: Path) -> bool:
    try:
        status = folder.lstat()
    except OSError:
        return False
    private = not status.st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    return stat.S_ISDIR(status.st_mode) and private and status.st_uid == os.geteuid()


def _touched_within(folder: Path, seconds: float) -> bool:
    try:
        return clock_of(folder.parent) - folder.stat().st_mtime < seconds
    except OSError:
        return False


@cache
def _place() -> str:
    """Where process ids have the same meaning as here, and since when: 8 hexadecimal digits."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        said = f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:  # no Linux
        said = socket.gethostname()
    return hashlib.sha256(said.encode()).hexdigest()[:8]


def _start(pid: int) -> int:
    """When a process began, in ticks since boot; 0 where there is none, or no telling."""
    try:
        said = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        state, *fields = said.rpartition(")")[2].split()
        return 0 if state == _ZOMBIE else int(fields[_START_FIELD])
    except (OSError, ValueError, IndexError):
        return 0


def _is_hidden(pid: int) -> bool:
    """Whether there is a process of this number that only its own user sees (hidepid)."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return not os.access(f"/proc/{pid}/stat", os.R_OK)  # one that ended is shown to all
    except (OSError, OverflowError):
        return False
    return False
