"""Which part of the work is this process's, and where it runs.

The only module that reads or writes the environment.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from common.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

T = TypeVar("T")


@dataclass(frozen=True)
class Shard:
    """One of `count` equal shares of a list, counted from 0.

    The count is stated, not read from ``SLURM_ARRAY_TASK_COUNT``: resubmitting one failed task
    sets that variable to 1, which would hand the task the whole list.

    Examples
    --------
    >>> slides = ["a", "b", "c", "d", "e"]
    >>> Shard(0, 2).of(slides), Shard(1, 2).of(slides)
    (['a', 'c', 'e'], ['b', 'd'])
    """

    index: int
    count: int

    def __post_init__(self) -> None:
        if not 0 <= self.index < self.count:
            raise ValueError(f"shard index must be in 0..{self.count - 1}, got {self.index}")

    def of(self, items: Sequence[T]) -> list[T]:
        """The items in this share, in order. Every item is in exactly one share."""
        return list(items[self.index :: self.count])

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Read ``index/count``, as in ``--shard 3/10``.

        Raises
        ------
        ConfigError
            If `text` has another form, or the index is not below the count.
        """
        index, _, count = text.partition("/")
        try:
            return cls(int(index), int(count))
        except ValueError as error:
            message = f"--shard: expected index/count such as 3/10, found {text!r}"
            raise ConfigError(message) from error


@dataclass(frozen=True)
class Place:
    """Where a process runs: one line at the head of every log.

    Attributes
    ----------
    host : str
    job, task, rank : str
        SLURM's job id, array task id and process rank; empty outside SLURM.
    """

    host: str
    job: str
    task: str
    rank: str

    @classmethod
    def here(cls, environment: Mapping[str, str] | None = None) -> Place:
        """The place of this process."""
        env = os.environ if environment is None else environment
        return cls(
            host=socket.gethostname(),
            job=env.get("SLURM_JOB_ID", ""),
            task=env.get("SLURM_ARRAY_TASK_ID", ""),
            rank=env.get("SLURM_PROCID", ""),
        )


def available_cpus(environment: Mapping[str, str] | None = None) -> int:
    """CPUs this process may use: SLURM's share, within the affinity mask.

    ``os.cpu_count`` would count the whole node.

    Examples
    --------
    >>> available_cpus({"SLURM_CPUS_PER_TASK": "1"})
    1
    """
    env = os.environ if environment is None else environment
    granted = len(os.sched_getaffinity(0))
    asked = env.get("SLURM_CPUS_PER_TASK", "")
    return min(granted, int(asked)) if asked.isdecimal() and int(asked) > 0 else granted


def quiet_libraries() -> None:
    """Keep TensorFlow's C++ notices out of the log; a level the user has set stays."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
