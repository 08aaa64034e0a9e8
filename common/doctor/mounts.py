"""The file systems this process sees."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from common.doctor.host import Host

_ESCAPE: Final = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True)
class Mount:
    """One file system.

    Attributes
    ----------
    point : Path
        Where it is mounted.
    kind : str
        Such as ``ext4``, ``nfs4`` or ``tmpfs``.
    source : str
        The device or server.
    read_only : bool
    """

    point: Path
    kind: str
    source: str
    read_only: bool

    def __str__(self) -> str:
        remote = f" of {self.source}" if ":" in self.source or self.source.startswith("//") else ""
        return f"{self.kind}{remote}"


def mounts(host: Host) -> list[Mount]:
    """The file systems, in the order in which they were mounted; later ones hide earlier ones."""
    found = []
    for line in host.text("/proc/self/mountinfo").splitlines():
        before, _, after = line.partition(" - ")
        left, right = before.split(" "), after.split(" ")
        if len(left) > 5 and len(right) > 2:
            options = {*left[5].split(","), *right[2].split(",")}
            point = Path(_plain(left[4]))
            found.append(Mount(point, right[0], _plain(right[1]), "ro" in options))
    return found


def mount_of(host: Host, path: Path) -> Mount | None:
    """The file system a path is on; None where it cannot be told."""
    real, best = path.resolve(), None
    for mount in mounts(host):
        deeper = best is None or len(mount.point.parts) >= len(best.point.parts)
        if deeper and real.is_relative_to(mount.point):
            best = mount
    return best


def is_mounted(host: Host, path: Path) -> bool:
    """Whether a file system is mounted at this very path; assumed where that cannot be told."""
    known = mounts(host)
    return not known or any(mount.point == path for mount in known)


def _plain(text: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 8)), text)
