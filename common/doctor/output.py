"""The folder results go to: can it be written as we write, and what does it lock."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from common.amounts import GB, size
from common.doctor import attempts
from common.doctor.child import told_by
from common.doctor.container import container, permission
from common.doctor.finding import failed, ok, warning
from common.doctor.mounts import is_mounted, mount_of, mounts

if TYPE_CHECKING:
    from common.doctor.child import Told
    from common.doctor.finding import Finding
    from common.doctor.host import Host

POINT: Final = "/out"
"""Where containers expect the folder for results."""

_PATIENCE_S: Final = 10.0
_NEEDED: Final = ("make", "write", "rename", "remove")
_LITTLE: Final = GB
_FEW: Final = 10_000
_ADVICE: Final = {
    "ENOSPC": "make room, or give another --out",
    "EDQUOT": "your share of the disk is used up: make room, or give another --out",
    "EFBIG": "files may not grow: see ulimit -f",
    "ENOENT": "make the folder it leads to, or bind that too, or give another --out",
    "ENOTDIR": "give another --out, a folder or one to be made",
    "EROFS": "it is mounted read-only: give another --out, or mount it without :ro",
}


def where(host: Host, out: Path | None) -> tuple[Path, bool]:
    """The folder to try, and whether it was asked for.

    Without --out it is ``/out`` in a container, where one is there, else the current folder.
    """
    if out is not None:
        return out, True
    mounted = host.path(POINT)
    bound = mounted in {mount.point for mount in mounts(host)}  # of one that hangs no question
    return (mounted if container(host) and (bound or mounted.is_dir()) else Path.cwd()), False


def look(
    host: Host,
    out: Path | None,
    *,
    program: Path = Path(attempts.__file__),
    seconds: float = _PATIENCE_S,
) -> list[Finding]:
    """Write, flush, rename, link, lock and remove in the folder for results.

    Parameters
    ----------
    host : Host
    out : Path or None
        As given; one that is not there yet stands for the folder it will be made in. What cannot
        be written stops the work only if it was given.
    program : Path
        That tries, in a process of its own.
    seconds : float
        It may take; a file system that hangs takes longer.
    """
    folder, asked = where(host, out)
    if not asked and folder == host.path(POINT) and not is_mounted(host, folder):
        said, advice = f"nothing is bound to {POINT}", f"bind a folder of yours: -v FOLDER:{POINT}"
        return [warning("output", said, f"{advice} (Apptainer: --bind)")]
    told = told_by([sys.executable, "-I", "-S", str(program), str(folder)], seconds)
    make = failed if asked else _unasked
    if bad := _nowhere(host, told, folder):
        return [make("output", *bad)]
    there = Path(told.steps["place"]["there"])
    at_hand = there == folder.absolute()
    place = f"{folder}" if at_hand else f"{folder}, to be made in {there},"
    if bad := _not_written(host, told, there, place):
        return [make("output", *bad)]
    return [*_written(host, told, there, place), _locks(host, told)]


def _unasked(name: str, said: str, advice: str) -> Finding:
    return warning(name, f"{said} (no --out was given)", advice)


def _nowhere(host: Host, told: Told, folder: Path) -> tuple[str, str] | None:
    """Why there is no place for the folder, and what to do; None where there is."""
    place = told.steps.get("place")
    if place is None:
        said = f"{folder} could not be looked at, {told.end or 'and nothing says why'}"
        return said, "is its server there? Give another --out"
    if place["found"] == attempts.WORKS:
        return None
    known = _ADVICE.get(place.get("errno", ""))
    return place["found"], known or permission(host, folder, "give another --out")


def _not_written(host: Host, told: Told, there: Path, place: str) -> tuple[str, str] | None:
    """What cannot be done, and what to do; None where all can."""
    for name in _NEEDED:
        step = told.steps.get(name)
        if step is None:
            said = f"{place} cannot be tried, {told.end or 'and nothing says why'}"
            if told.timed_out and "rename" in told.steps:
                return None  # what hung are links or locks
            advice = "is its server there? Remove .camnet-doctor.* from it when it answers again"
            return said, advice
        if step["found"] != attempts.WORKS:
            said = f"{place} cannot be written ({name}: {step['found']})"
            return said, _ADVICE.get(
                step.get("errno", ""), permission(host, there, "give another --out")
            )
    return None


def _written(host: Host, told: Told, there: Path, place: str) -> list[Finding]:
    room: dict[str, Any] = told.steps.get("room", {})
    mount = mount_of(host, there)
    free, inodes = room.get("free", 0), room.get("inodes", -1)
    on = f" on {mount}" if mount else ""
    said = f"{place} can be written{on}; {size(free)} free"
    said += f", {inodes:,} more files" if inodes >= 0 else ""
    if free < _LITTLE or 0 <= inodes < _FEW:
        return [warning("output", said, "make room, or give another --out")]
    link = told.steps.get("link", {}).get("found", told.end)
    if link != attempts.WORKS:
        said += f"; no hard links ({link}): tasks with different settings may start unseen"
        return [warning("output", said, "let one task begin before the others")]
    return [ok("output", said)]


def _locks(host: Host, told: Told) -> Finding:
    chosen = host.variables.get("HDF5_USE_FILE_LOCKING", "")
    own = f"; HDF5_USE_FILE_LOCKING={chosen}" if chosen else ""
    flock, fcntl = (told.steps.get(name, {}).get("found", "hangs") for name in ("flock", "fcntl"))
    said = f"flock {flock}, fcntl {fcntl}{own}"
    if "hangs" in {flock, fcntl}:
        advice = "export HDF5_USE_FILE_LOCKING=FALSE, or HDF5 may wait for ever"
        return warning("file locks", said, advice)
    return ok("file locks", f"{said}; nothing of ours needs them")
