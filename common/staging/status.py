"""What a file is at a moment, to tell whether it is the same later."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Status:
    """Which file it is, how long and how old. A file that is replaced gets another number.

    Attributes
    ----------
    size : int, bytes
    modified_ns : int
        Nanoseconds since 1970.
    number : int
        Of the file in its file system.
    """

    size: int
    modified_ns: int
    number: int

    def looks_like(self, other: Status) -> bool:
        """Whether both are of one size and time, whatever their numbers.

        Some file systems have none, and give a file one anew whenever they are asked (sshfs, SMB).
        """
        return (self.size, self.modified_ns) == (other.size, other.modified_ns)


def status_of(path: Path) -> Status:
    """What a file is now, by its server.

    Network file systems answer for up to a minute from memory what a file is, whatever other nodes
    have written since; they ask again when it is opened.
    """
    with path.open("rb", buffering=0) as stream:
        found = os.fstat(stream.fileno())
    return Status(found.st_size, found.st_mtime_ns, found.st_ino)
