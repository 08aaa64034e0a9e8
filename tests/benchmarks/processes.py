"""Memory and processor time of a process and all processes below it."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess

_EVERY_S = 0.05


def peak_mib(pid: int) -> float:
    """The greatest resident memory each process ever had, added up, MiB; threads are inside it.

    Memory that processes share is counted for each, and peaks at different times add up: never
    too small, maybe too large.
    """
    return sum(_high_water_kib(member) for member in tree(pid)) / 1024


def cpu_seconds(pid: int) -> float:
    """Processor time of a process, its living descendants, and those that ended in them."""
    return sum(_ticks(member) for member in tree(pid)) / os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> list[int]:
    """A process and its living descendants."""
    try:
        below = [
            int(child)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [pid, *(member for child in below for member in tree(child))]


def watched(process: subprocess.Popen[bytes]) -> float:
    """Wait for the process to end, and return the greatest `peak_mib` seen meanwhile."""
    peak, over = 0.0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not over.is_set():
            peak = max(peak, peak_mib(process.pid))
            time.sleep(_EVERY_S)

    thread = threading.Thread(target=watch)
    thread.start()
    process.wait()
    over.set()
    thread.join()
    return peak


def _high_water_kib(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)


def _ticks(pid: int) -> int:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return 0
    fields = stat.rpartition(")")[2].split()  # the name before may hold spaces
    return sum(map(int, fields[11:15]))
