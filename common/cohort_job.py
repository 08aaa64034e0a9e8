"""A cohort's slides, or their parts, as the tasks of an array job, without opening a slide."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from common.cohort.places import absent, folders_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from common.array_job import ArrayJob
    from common.cohort import SlideEntry

_NAMED: Final = 5


@dataclass(frozen=True)
class CohortJob:
    """What is submitted, and what a person or a script should know of it.

    Attributes
    ----------
    entries : sequence of SlideEntry
        All slides of the cohort.
    blocks : int
        Parts of each.
    job : ArrayJob
    failed : frozenset of str
        Slides that failed before.
    """

    entries: Sequence[SlideEntry]
    blocks: int
    job: ArrayJob
    failed: frozenset[str] = frozenset()

    @cached_property
    def absent(self) -> list[str]:
        """Slides whose file is not there."""
        return absent(self.entries)

    def data(self) -> dict[str, Any]:
        """For a script: every value on a line of its own."""
        return {
            "slides": len(self.entries),
            "blocks": self.blocks,
            "units": self.job.units,
            "units_left": len(self.job.left),
            "units_per_task": self.job.units_per_task,
            "tasks": self.job.tasks,
            "tasks_left": len(self.job.open_tasks),
            "array": self.job.array,
            "failed_before": len(self.failed),
            "absent": len(self.absent),
            "annotated": sum(bool(one.annotation or one.slide_label) for one in self.entries),
            "folders": [str(folder) for folder in folders_of(self.entries)],
        }

    def lines(self) -> list[str]:
        """For a person."""
        job, slides = self.job, f"{len(self.entries)} slides"
        units = f"{job.units} parts of {slides}" if self.blocks > 1 else slides
        tasks = f"{job.tasks} task{'s' if job.tasks > 1 else ''} of {job.units_per_task}"
        lines = [f"work: --blocks {self.blocks}, {units}, {tasks}"]
        if len(job.left) < job.units:
            lines.append(f"left: {len(job.left)} of {job.units}, in {len(job.open_tasks)} tasks")
        if self.failed:
            failed = _named(sorted(self.failed))
            lines.append(f"failed before: {failed}; --retry-failed does them again")
        if self.absent:
            lines.append(f"not there: {_named(self.absent)}")
        return lines


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{len(names)} slides ({', '.join(names[:_NAMED])}{more})"
