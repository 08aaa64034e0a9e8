"""A cohort's slides, or their parts, as the tasks of an array job, without opening a slide."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from common.cohort import write_cohort
from common.cohort.places import absent, folders_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

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
    changed : frozenset of str
        Slides that have a result, of which the cohort says something else by now, or the file of
        which is another.
    new : frozenset of str
        Slides of which there is no result at all.
    strangers : frozenset of str
        Slides that have a result and are not in the cohort.
    """

    entries: Sequence[SlideEntry]
    blocks: int
    job: ArrayJob
    failed: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()
    new: frozenset[str] = frozenset()
    strangers: frozenset[str] = frozenset()

    @cached_property
    def absent(self) -> list[str]:
        """Slides whose file is not there."""
        return absent(self.entries)

    @cached_property
    def frozen_name(self) -> str:
        """Name of a cohort CSV of these slides; the same for the same words about them."""
        text = "\n".join(map(repr, self.entries))
        return f"cohort-{hashlib.sha256(text.encode()).hexdigest()[:16]}.csv"

    def freeze(self, folder: Path) -> None:
        """Write that cohort CSV, so that all tasks are given the same slides, whatever comes."""
        path = folder / self.frozen_name
        if not path.exists():
            write_cohort(self.entries, path)

    def values(self) -> str:
        """For a shell: a name and a value on each line, a list on as many."""
        pairs = ((k, v if isinstance(v, list) else [v]) for k, v in self.data().items())
        return "\n".join(f"{name} {one}" for name, ones in pairs for one in ones)

    def data(self) -> dict[str, Any]:
        """For a script."""
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
            "changed": len(self.changed),
            "new": len(self.new),
            "strangers": sorted(self.strangers),
            "absent": len(self.absent),
            "annotated": sum(bool(one.annotation or one.slide_label) for one in self.entries),
            "cohort": self.frozen_name,
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
        if self.changed:
            lines.append(f"changed since, and done again: {_named(sorted(self.changed))}")
        if self.strangers:
            lines.append(f"there, and not in the cohort: {_named(sorted(self.strangers))}")
        if self.failed:
            failed = _named(sorted(self.failed))
            lines.append(f"failed before: {failed}; --retry-failed does them again")
        if self.absent:
            lines.append(f"not there: {_named(self.absent)}")
        return lines


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{len(names)} slides ({', '.join(names[:_NAMED])}{more})"
