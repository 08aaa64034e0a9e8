"""The machine and the process that are looked at, as a value that tests can make up."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from common.cluster import variables

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Host:
    """Where this process runs.

    Attributes
    ----------
    variables : mapping of str to str
        The environment.
    root : Path
        Where ``/proc``, ``/sys``, ``/etc`` and ``/dev`` are looked for.
    cpus : int
        CPUs in the affinity mask.
    uid : int
        Of this process.
    """

    variables: Mapping[str, str]
    root: Path
    cpus: int
    uid: int

    @classmethod
    def here(cls) -> Host:
        """This machine, and this process."""
        return cls(variables(), Path("/"), len(os.sched_getaffinity(0)), os.getuid())

    def path(self, absolute: str) -> Path:
        """A file of the system, such as ``/proc/meminfo``."""
        return self.root / absolute.lstrip("/")

    def text(self, absolute: str) -> str:
        """What is in a file of the system; empty where it cannot be read."""
        try:
            return self.path(absolute).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""

    def number(self, name: str) -> int:
        """A variable that is a number; 0 where it is none."""
        text = self.variables.get(name, "")
        return int(text) if text.isdecimal() else 0

    def reads(self, path: Path) -> bool:
        """Whether this process may read a file, or look into a folder."""
        return os.access(path, os.R_OK | (os.X_OK if path.is_dir() else 0))
