"""Ways of doing the same work, timed in turn, each in a warm process pinned to its cores."""

from __future__ import annotations

import json
import os
import subprocess
import time
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Protocol, Self

    class Job(Protocol):
        """A program that answers each line on its input by a `Run`, as JSON."""

        @property
        def command(self) -> Sequence[str]:
            """What starts it."""
            ...


@dataclass(frozen=True)
class Run:
    """One timed run.

    Attributes
    ----------
    seconds : float
        Wall time.
    cpu_seconds : float
        Processor time of all its processes.
    patches : int
        How many were looked at.
    peak_mib : float
        Most memory of its processes so far.
    """

    seconds: float
    cpu_seconds: float
    patches: int
    peak_mib: float

    @property
    def rate(self) -> float:
        """Patches looked at per second."""
        return self.patches / self.seconds


@dataclass(frozen=True)
class Compared:
    """The same work done in several ways.

    Attributes
    ----------
    runs : mapping of str to tuple of Run
        By the name of the way; the k-th of each were timed one right after the other.
    """

    runs: Mapping[str, tuple[Run, ...]]

    def rate(self, way: str) -> float:
        """Median of patches per second."""
        return median(run.rate for run in self.runs[way])

    def ratio(self, way: str, other: str) -> float:
        """Median over the rounds of how much faster `way` was than `other`."""
        rounds = zip(self.runs[way], self.runs[other], strict=True)
        return median(one.rate / two.rate for one, two in rounds)

    def busy(self, way: str) -> float:
        """Median of the cores it kept busy; with less than it was given, others had them."""
        return median(run.cpu_seconds / run.seconds for run in self.runs[way])

    def peak_mib(self, way: str) -> float:
        """Most memory."""
        return max(run.peak_mib for run in self.runs[way])


class Worker:
    """A job in a process that waits between runs."""

    def __init__(self, job: Job) -> None:
        self._process = subprocess.Popen(
            job.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait()

    def run(self) -> Run:
        """Do the work once."""
        if not self._process.stdin or not self._process.stdout:
            raise RuntimeError("a worker without pipes")
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"a job of the benchmark ended: {self._process.args}")
        return Run(**json.loads(answer))


def compared(jobs: Mapping[str, Job], rounds: int) -> Compared:
    """Time the jobs in turn, `rounds` times, after one run that is not counted."""
    with ExitStack() as stack:
        workers = {way: stack.enter_context(Worker(job)) for way, job in jobs.items()}
        for worker in workers.values():
            worker.run()
        timed = [{way: worker.run() for way, worker in workers.items()} for _ in range(rounds)]
    return Compared({way: tuple(one[way] for one in timed) for way in jobs})


def cores(count: int) -> list[int]:
    """The first `count` of the cores this process may use; fewer where it has fewer."""
    return sorted(os.sched_getaffinity(0))[:count]


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def pairs(
    ours: Callable[[], object], theirs: Callable[[], object], count: int
) -> tuple[float, float, float]:
    """Median seconds of both, and the median of their ratios (theirs / ours)."""
    ours()
    theirs()
    timed = [(seconds(ours), seconds(theirs)) for _ in range(count)]
    mine, other = zip(*timed, strict=True)
    return median(mine), median(other), median(b / a for a, b in timed)
