"""What the attempts in the folder for results came to, in words.

The folder is called by the words `place`: as it was given, and where it would be made.
"""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from common.amounts import GB, size
from common.doctor.attempts import PREFIX, STEPS, WORKS
from common.doctor.container import container
from common.doctor.finding import ok, warning
from common.doctor.mounts import mount_of
from common.doctor.ownership import permission

if TYPE_CHECKING:
    from common.doctor.child import Told
    from common.doctor.finding import Finding
    from common.doctor.host import Host

POINT: Final = "/out"
"""Where containers expect the folder for results."""

BIND: Final = f"bind a folder of yours: -v FOLDER:{POINT} (Apptainer: --bind)"

_NEEDED: Final = ("make", "write", "rename", "remove")
_LOCKS: Final = ("flock", "fcntl")
_LITTLE: Final = GB
_FEW: Final = 10_000
_ASK: Final = "give another --out"
_GONE: Final = "is its server there? Give another --out"
_CLOSED: Final = ("EACCES", "EPERM")
_ADVICE: Final = {
    "ENOSPC": "make room, or give another --out",
    "EDQUOT": "your share of the disk is used up: make room, or give another --out",
    "EFBIG": "files may not grow: see ulimit -f",
    "ENOENT": "make the folder it leads to, or bind that too, or give another --out",
    "ENOTDIR": "give another --out, a folder or one to be made",
    "EROFS": "it is mounted read-only: give another --out, or mount it without :ro",
}


def nowhere(host: Host, told: Told, folder: Path) -> tuple[str, str] | None:
    """Why there is no place for the folder, and what to do; None where there is."""
    place = told.steps.get("place")
    if place is None:
        said = f"{folder} could not be looked at, {told.end or 'and nothing says why'}"
        return said, _GONE
    if place["found"] == WORKS:
        return None
    return place["found"], _advice(host, place, folder)


def not_written(host: Host, told: Told, there: Path, place: str) -> tuple[str, str] | None:
    """What cannot be done, and what to do; None where all can."""
    for name in _NEEDED:
        step = told.steps.get(name)
        if step is None and _hung(told) in _LOCKS:
            return None  # nothing of ours needs them
        if step is None:
            said = f"{place} cannot be tried, {told.end or 'and nothing says why'}"
            return said, f"is its server there? Remove {PREFIX}* from it when it answers again"
        if step["found"] != WORKS:
            said = f"{place} cannot be written ({name}: {step['found']})"
            return said, _advice(host, step, there)
    return None


def written(host: Host, told: Told, there: Path, place: str) -> Finding:
    """That it can be written, on which file system, what room and links it has, and if it stays."""
    mount = mount_of(host, there)
    room, little = _room(told)
    said = f"{place} can be written{f' on {mount}' if mount else ''}; {room}"
    if little:
        return warning("output", said, "make room, or give another --out")
    if mount and mount.point == Path("/") and container(host):
        said += "; it is part of the container, and goes with it"
        return warning("output", said, BIND)
    link = told.steps.get("link", {}).get("found", told.end)
    if link != WORKS:
        said += f"; no hard links ({link}): tasks with different settings may start unseen"
        return warning("output", said, "let one task begin before the others")
    return ok("output", said)


def locks(host: Host, told: Told) -> Finding:
    """Which locks its file system has; none of ours are needed."""
    chosen = host.variables.get("HDF5_USE_FILE_LOCKING", "")
    own = f"; HDF5_USE_FILE_LOCKING={chosen}" if chosen else ""
    hung = _hung(told)
    unknown = {name: "hangs" if name == hung else "not tried" for name in _LOCKS}
    found = (told.steps.get(name, {}).get("found", unknown[name]) for name in _LOCKS)
    said = ", ".join(f"{name} {what}" for name, what in zip(_LOCKS, found, strict=True)) + own
    if hung:
        advice = "export HDF5_USE_FILE_LOCKING=FALSE, or HDF5 may wait for ever"
        return warning("file locks", said, f"{advice}; remove the {PREFIX}* that is left there")
    return ok("file locks", f"{said}; nothing of ours needs them")


def _room(told: Told) -> tuple[str, bool]:
    """What more can be written, in words, and whether it is little."""
    counts: dict[str, Any] = told.steps.get("room", {})
    free, inodes = counts.get("free", -1), counts.get("inodes", -1)
    said = f"{size(free)} free" if free >= 0 else "what is free is not told"
    said += f", {inodes:,} more files" if inodes >= 0 else ""
    return said, 0 <= free < _LITTLE or 0 <= inodes < _FEW


def _hung(told: Told) -> str:
    """The step that came to no end; empty where all did."""
    steps = ("make", *STEPS, "remove")
    return next((name for name in steps if told.timed_out and name not in told.steps), "")


def _advice(host: Host, step: dict[str, Any], path: Path) -> str:
    """What to do about a step that was refused."""
    name = step.get("errno", "")
    if name in _CLOSED:
        return permission(host, path, _ASK, right=stat.S_IWGRP)
    return _ADVICE.get(name, _GONE)
