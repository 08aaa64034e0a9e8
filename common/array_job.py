"""Work cut into the tasks of an array job."""

from __future__ import annotations

import math
import shlex
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True)
class ArrayJob:
    """Tasks that share units of work among them, and those that have something left to do.

    Task `i` of `N` does every `N`th unit from the `i`th on, as `Shard` has it.

    Attributes
    ----------
    units : int
    units_per_task : int
        At most.
    tasks : int
        Numbered from 0.
    left : tuple of int
        Units that are not finished, by their place.
    """

    units: int
    units_per_task: int
    tasks: int
    left: tuple[int, ...]

    @classmethod
    def of(
        cls, units: int, wanted: int, most_tasks: int, left: Iterable[int] | None = None
    ) -> ArrayJob:
        """Cut `units` so that there are no more tasks than a cluster takes.

        Parameters
        ----------
        units : int
        wanted : int
            Units per task; more where there would be too many tasks.
        most_tasks : int
            MaxArraySize, which task numbers stay below, or a limit on a user's jobs.
        left : iterable of int or None
            Units that are not finished; None for all.

        Examples
        --------
        >>> ArrayJob.of(10_000, 1, 1001).tasks
        1000
        """
        per_task = max(1, min(units, max(wanted, math.ceil(units / most_tasks))))
        places = range(units) if left is None else left
        return cls(units, per_task, math.ceil(units / per_task), tuple(places))

    @property
    def open_tasks(self) -> tuple[int, ...]:
        """Numbers of the tasks that have a unit left."""
        return tuple(sorted({unit % self.tasks for unit in self.left}))

    @property
    def array(self) -> str:
        """These numbers, as ``sbatch --array`` takes them; empty where nothing is left."""
        return array_text(self.open_tasks)

    def sbatch(self, script: str, words: Sequence[str], cpus: int | None = None) -> str:
        """The line that submits the tasks which have something left, for a shell."""
        asked = [] if cpus is None else [f"--cpus-per-task={cpus}"]
        export = f"--export=ALL,TASKS={self.tasks}"
        return shlex.join(["sbatch", f"--array={self.array}", *asked, export, script, *words])


def array_text(tasks: Iterable[int]) -> str:
    """Numbers as ``sbatch --array`` takes them.

    Examples
    --------
    >>> array_text([4, 0, 1, 2, 9, 10])
    '0-2,4,9-10'
    """
    numbers = sorted(set(tasks))
    if not numbers:
        return ""
    gaps = [(last, first) for last, first in pairwise(numbers) if first > last + 1]
    firsts = [numbers[0], *(first for _, first in gaps)]
    lasts = [*(last for last, _ in gaps), numbers[-1]]
    return ",".join(
        str(first) if first == last else f"{first}-{last}"
        for first, last in zip(firsts, lasts, strict=True)
    )
