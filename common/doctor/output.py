"""The folder results go to: can it be written as we write, and what does it lock."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from common.doctor import attempts, trial
from common.doctor.child import told_by, words_of
from common.doctor.container import container
from common.doctor.finding import failed, warning
from common.doctor.mounts import is_mounted, mounts
from common.doctor.trial import BIND, POINT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from common.doctor.finding import Finding
    from common.doctor.host import Host

_PROGRAM: Final = words_of(attempts.__name__, alone=True)
_PATIENCE_S: Final = 10.0


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
    program: Sequence[str] = _PROGRAM,
    seconds: float = _PATIENCE_S,
) -> list[Finding]:
    """Write, flush, rename, link, lock and remove in the folder for results.

    Parameters
    ----------
    host : Host
    out : Path or None
        As given; one that is not there yet stands for the folder it will be made in. What cannot
        be written stops the work only if it was given.
    program : sequence of str
        That tries, in a process of its own.
    seconds : float
        It may take; a file system that hangs takes longer.
    """
    folder, asked = where(host, out)
    if not asked and folder == host.path(POINT) and not is_mounted(host, folder):
        return [warning("output", f"nothing is bound to {POINT}", BIND)]
    told = told_by([*program, str(folder)], seconds)
    make = failed if asked else _unasked
    if bad := trial.nowhere(host, told, folder):
        return [make("output", *bad)]
    there = Path(told.steps["place"]["there"])
    at_hand = there == folder.absolute()
    place = f"{folder}" if at_hand else f"{folder}, to be made in {there},"
    if bad := trial.not_written(host, told, there, place):
        return [make("output", *bad)]
    return [trial.written(host, told, there, place), trial.locks(host, told)]


def _unasked(name: str, said: str, advice: str) -> Finding:
    return warning(name, f"{said} (no --out was given)", advice)
