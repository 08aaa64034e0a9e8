"""Units of work over threads and processes, and an outcome of each on disk."""

from __future__ import annotations

import logging
import multiprocessing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from common.ahead import ahead
from common.cluster import local_rank, use_one_device
from common.outcomes import Outcome, attempt, held, write_outcome
from common.progress import progress
from common.workers import spread
from layer3_infer.predict import answered
from layer3_infer.slide_result import SlideResult
from layer3_infer.slide_work import SlideWork

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from common.units import Unit
    from layer3_infer.analysis import Analysis

_GROUP: Final = 8
"""Units a process is given at a time, at most: batches are filled across them."""

_TURNS: Final = 4
"""Groups per process, at least, so that processes end at about the same time."""

_DIED: Final = "its process died, perhaps from lack of memory. Give it more, or a smaller batch"
log = logging.getLogger(__name__)


def spread_units(
    analysis: Analysis, units: Sequence[Unit], processes: int, *, overwrite: bool
) -> list[SlideResult]:
    """What becomes of each unit.

    A process that dies takes with it the unit it died of, and no other.
    """
    if processes <= 1 or len(units) <= 1:
        use_one_device(local_rank())
        return list(Analysing(analysis, overwrite=overwrite).results(units))
    shared = replace(analysis, workers=max(1, analysis.workers // processes))
    work = Analysing(shared, overwrite=overwrite, shown=False)
    size = max(1, min(_GROUP, len(units) // (_TURNS * processes)))
    groups = [tuple(units[start : start + size]) for start in range(0, len(units), size)]
    found: list[SlideResult] = []
    lost: list[Unit] = []

    def lose(group: Sequence[Unit]) -> list[SlideResult]:
        lost.extend(group)
        return []

    with progress(None, "heatmaps", total=len(units)) as bar:
        for results in spread(work, groups, processes, lose):
            found += results
            bar.update(len(results))
        for results in spread(work, [(unit,) for unit in lost], processes, work.died):
            found += results
            bar.update(len(results))
    return found


@dataclass(frozen=True, eq=False)
class Analysing:
    """Units prepared, answered and finished, each step ahead of the next.

    Can be sent to another process, where it is called with a group of units.

    Attributes
    ----------
    analysis : Analysis
    overwrite : bool
        Leave out what earlier runs found.
    shown : bool
        Whether a bar shows how far it is.
    """

    analysis: Analysis
    overwrite: bool = False
    shown: bool = True

    def __call__(self, units: Sequence[Unit]) -> list[SlideResult]:
        """The results of a group, in a process of its own, on a device of its own."""
        number = multiprocessing.current_process().name.rpartition("-")[2]
        use_one_device(local_rank() + (int(number) - 1 if number.isdecimal() else 0))
        return list(self.results(units))

    def died(self, units: Sequence[Unit]) -> list[SlideResult]:
        """What is recorded of units whose process died."""
        return [
            self._record(unit, Outcome(unit.entry.slide_id, "failed", _DIED, exit_status=1))
            for unit in units
        ]

    def results(self, units: Sequence[Unit]) -> Iterator[SlideResult]:
        """The result of each unit, as they are finished."""
        if units:
            threads = 1 if self.analysis.workers == 1 else 2
            answered_units = self._answered(ahead(self._prepared, units, threads))
            yield from ahead(self._finished, answered_units, threads)

    def _prepared(self, unit: Unit) -> SlideWork:
        found = held(lambda: self.analysis.prepare(unit, overwrite=self.overwrite))
        return SlideWork(unit, found, self.analysis.save_s)

    def _answered(self, works: Iterable[SlideWork]) -> Iterator[SlideWork]:
        """Units when they are over; what is answered of one that is not is kept on disk."""
        begun: dict[str, SlideWork] = {}
        with progress(None, "heatmaps", total=0, unit="patch", shown=self.shown) as bar:

            def entering() -> Iterator[SlideWork]:
                for work in works:
                    begun[work.unit.name] = work
                    bar.total = (bar.total or 0) + len(work)
                    yield work

            predictor, workers = self.analysis.predictor, self.analysis.workers
            try:
                for span, answers in answered(entering(), predictor, workers):
                    span.patches.take(answers)
                    bar.update(len(span))
                    if span.patches.over and span.patches.unit.name in begun:
                        yield begun.pop(span.patches.unit.name)
            finally:
                for work in begun.values():
                    work.save()

    def _finished(self, work: SlideWork) -> SlideResult:
        outcome = attempt(work.unit.entry.slide_id, lambda: self.analysis.finish(work))
        return self._record(work.unit, outcome)

    def _record(self, unit: Unit, outcome: Outcome) -> SlideResult:
        """The outcome on disk; that of a part is none of its slide, unless it failed."""
        result = SlideResult.of(outcome, unit.entry)
        if result.status == "failed":
            log.error("%s", result.reason)
        if result.parts == 1:
            write_outcome(self.analysis.folder.path, result)
        return result
