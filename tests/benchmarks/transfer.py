"""Moving data between sites: how fast a folder is locked and verified, against copying it."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from statistics import median
from typing import TYPE_CHECKING, Final, NamedTuple

from timing import cores, seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

SIZES: Final = (900 << 20, *[250 << 20] * 4, *[20 << 20] * 10, *[100 << 10] * 200)
"""Bytes of the files: a large slide, some of middle size, patch files, pictures."""

_BLOCK: Final = 8 << 20


class Took(NamedTuple):
    """Seconds of one way: by the clock, and of the cores."""

    wall: float
    cpu: float


def transfer_rows(work: Path, rounds: int) -> Iterator[list[str]]:
    """``lock`` and ``verify`` with one and two threads against ``cp`` and ``sha256sum``.

    With the files in the memory of the operating system, and with them dropped from it; what the
    disk or the host of a virtual machine keeps in a memory of its own cannot be dropped. `cp`
    writes to memory: the disk is not waited for.
    """
    folder = _filled(work / "transfer")
    for memory, prepare in (("in memory", _read), ("dropped from memory", _drop)):
        ways = _ways(folder, work / "copy")
        took = _timed(ways, lambda prepare=prepare: prepare(folder), rounds)
        for verb in ("lock", "verify"):
            for count in (1, 2):
                yield _row(f"{verb}, {count} threads, files {memory}", f"{verb} {count}", took)


def _row(what: str, way: str, took: Mapping[str, list[Took]]) -> list[str]:
    others = ("cp", "sha256sum")
    ratios = [
        median(b.wall / a.wall for a, b in zip(took[way], took[other], strict=True))
        for other in others
    ]
    return [
        f"{what}, {sum(SIZES) / 1e9:.1f} GB",
        _rate(took[way]),
        "; ".join(f"{other} {_rate(took[other])}" for other in others),
        "; ".join(f"{ratio:.2f}" for ratio in ratios),
    ]


def _rate(took: list[Took]) -> str:
    """Megabytes by the clock, and by each second of a core, which others at work change less."""
    size = sum(SIZES) / 1e6
    wall, cpu = (median(getattr(one, kind) for one in took) for kind in ("wall", "cpu"))
    return f"{size / wall:,.0f} MB/s ({size / cpu:,.0f} per CPU second)"


def _ways(folder: Path, copy: Path) -> dict[str, Callable[[], object]]:
    """What is timed, by name. A lock that is right already is read and compared all the same."""
    program = [sys.executable, "-m", "layer1_extract"]
    ways: dict[str, Callable[[], object]] = {
        "cp": lambda: _run(["cp", "-r", str(folder), str(copy)], 1),
        "sha256sum": lambda: _run(
            ["find", str(folder), "-type", "f", "-exec", "sha256sum", "{}", "+"], 1
        ),
    }
    for count in (1, 2):
        for verb in ("lock", "verify"):
            words = [*program, verb, str(folder), "--workers", str(count)]
            ways[f"{verb} {count}"] = lambda words=words, count=count: _run(words, count)
    return ways


def _timed(
    ways: Mapping[str, Callable[[], object]], prepare: Callable[[], None], rounds: int
) -> dict[str, list[Took]]:
    """How long each way took, timed in turn."""
    took: dict[str, list[Took]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, work in ways.items():
            prepare()
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            wall = seconds(work)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            took[name].append(Took(wall, cpu))
    return took


def _run(words: list[str], count: int) -> None:
    """A command on so many cores."""
    pin = ["taskset", "-c", ",".join(map(str, cores(count)))]
    subprocess.run([*pin, *words], check=True, capture_output=True)


def _filled(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for number, size in enumerate(SIZES):
        with (folder / f"{number:03}.bin").open("wb") as stream:
            for start in range(0, size, _BLOCK):
                stream.write(os.urandom(min(_BLOCK, size - start)))
            os.fsync(stream.fileno())
    return folder


def _read(folder: Path) -> None:
    _tidy(folder)
    for path in folder.iterdir():
        with path.open("rb") as stream:
            while stream.read(_BLOCK):
                pass


def _drop(folder: Path) -> None:
    _tidy(folder)
    for path in folder.iterdir():
        with path.open("rb") as stream:
            os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _tidy(folder: Path) -> None:
    """Remove the copy of the last round; wait until what it wrote is on the disk."""
    shutil.rmtree(folder.with_name("copy"), ignore_errors=True)
    os.sync()
