"""Units of work over threads and processes, and an outcome of each on disk."""

from __future__ import annotations

import logging
import multiprocessing
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from common.ahead import ahead
from common.cluster import local_rank, use_one_device
from common.errors import SlideError
from common.outcomes import Outcome, attempt, held, write_outcome
from common.progress import progress
from common.reach import out_of_reach
from common.slide_changes import ANNOTATION, seen_of
from common.slide_paths import slide_paths
from common.staging import settled, staged
from common.workers import spread
from layer3_infer.predict import answered
from layer3_infer.slide_result import SlideResult
from layer3_infer.slide_work import SlideWork

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from common.cohort import SlideEntry
    from common.units import Unit
    from layer3_infer.analysis import Analysis
    from layer3_infer.slide_work import Prepared

_GROUP: Final = 8
"""Units a process is given at a time, at most: batches are filled across them."""

_TURNS: Final = 4
"""Groups per process, at least, so that processes end at about the same time."""

COPIES: Final = 5
"""Slides a process has copies of at a time, at most, but for those of less than some batches: one
that is copied and one that is prepared, one that is answered and one that ends in the same batch,
and one whose results are written."""

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
        found = list(Analysing(analysis, overwrite=overwrite).results(units))
    else:
        found = _over_processes(analysis, units, processes, overwrite=overwrite)
    if analysis.scratch is not None:
        analysis.scratch.sweep()  # of processes that died
    return found


def _over_processes(
    analysis: Analysis, units: Sequence[Unit], processes: int, *, overwrite: bool
) -> list[SlideResult]:
    shared = replace(analysis, workers=max(1, analysis.workers // processes))
    work = Analysing(shared, overwrite=overwrite, shown=False, processes=processes)
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


def device_place(process: str, processes: int, rank: int) -> int:
    """Which of a node's devices, in turn, a process takes.

    Parameters
    ----------
    process : str
        Its name, which ends in a number that Python counts from 1.
    processes : int
        How many run side by side for each rank.
    rank : int
        Of the program among those on the node.

    Examples
    --------
    >>> [device_place(f"SpawnProcess-{n}", 2, rank) for rank in (0, 1) for n in (1, 2, 3)]
    [0, 1, 0, 2, 3, 2]
    """
    number = process.rpartition("-")[2]
    return rank * processes + ((int(number) - 1) % processes if number.isdecimal() else 0)


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
    processes : int
        How many do this side by side.
    """

    analysis: Analysis
    overwrite: bool = False
    shown: bool = True
    processes: int = 1

    def __call__(self, units: Sequence[Unit]) -> list[SlideResult]:
        """The results of a group, in a process of its own, on a device of its own."""
        name = multiprocessing.current_process().name
        use_one_device(device_place(name, self.processes, local_rank()))
        return list(self.results(units))

    def died(self, units: Sequence[Unit]) -> list[SlideResult]:
        """What is recorded of units whose process died."""
        return [self._record(unit, _died(unit)) for unit in units]

    def results(self, units: Sequence[Unit]) -> Iterator[SlideResult]:
        """The result of each unit, as they are finished.

        What is answered of units that are not finished when it ends early is kept on disk.
        """
        if not units:
            return
        begun: dict[str, SlideWork] = {}
        copies: dict[str, ExitStack] = {}

        def prepare(unit: Unit) -> SlideWork:
            copies[unit.name] = ExitStack()
            return self._prepared(unit, copies[unit.name])

        def finish(work: SlideWork) -> SlideResult:
            result = self._finished(work)
            begun.pop(work.unit.name)
            copies.pop(work.unit.name).close()
            return result

        threads = 1 if self.analysis.workers == 1 else 2
        waiting = None if self.analysis.scratch is None else 1  # each has a copy there
        prepared = ahead(prepare, units, threads, waiting)
        try:
            yield from ahead(finish, self._answered(prepared, begun), threads, waiting)
        finally:
            for work in list(begun.values()):
                work.save()
            prepared.close()
            for copy in copies.values():
                copy.close()

    def _prepared(self, unit: Unit, stack: ExitStack) -> SlideWork:
        """A unit that is read from scratch until `stack` is closed, where there is scratch."""
        start, seen = time.monotonic(), seen_of(unit.entry)
        copy = held(lambda: stack.enter_context(staged(self.analysis.scratch, unit.entry)))

        def prepare() -> Prepared:
            local = replace(unit, entry=copy().entry)
            return self.analysis.prepare(local, overwrite=self.overwrite)

        found = held(prepare)
        seconds = time.monotonic() - start
        return SlideWork(unit, found, self.analysis.save_s, seconds, copy=copy.value, seen=seen)

    def _answered(
        self, works: Iterable[SlideWork], begun: dict[str, SlideWork]
    ) -> Iterator[SlideWork]:
        """Units when they are over; `begun` gets each when its first patches are asked for."""
        over: set[str] = set()
        with progress(None, "heatmaps", total=0, unit="patch", shown=self.shown) as bar:

            def entering() -> Iterator[SlideWork]:
                for work in works:
                    work.begin()
                    begun[work.unit.name] = work
                    bar.total = (bar.total or 0) + len(work)
                    yield work

            predictor, workers = self.analysis.predictor, self.analysis.workers
            for span, answers in answered(entering(), predictor, workers):
                work = span.patches
                work.take(answers)
                bar.update(len(span))
                if work.over and work.unit.name not in over:
                    over.add(work.unit.name)
                    yield work

    def _finished(self, work: SlideWork) -> SlideResult:
        entry = work.unit.entry
        outcome = attempt(entry.slide_id, lambda: self._outcome(work), _files(entry, work.seen))
        seconds = round(work.seconds, 3)
        return self._record(work.unit, replace(outcome, seconds=seconds, seen=work.seen))

    def _outcome(self, work: SlideWork) -> Outcome:
        """What is said of a unit; where scratch failed it, of the same done once more without."""
        copy = work.copy
        if copy is None:
            return self.analysis.finish(work)

        def finished() -> Outcome:
            if not work.prepared.error:
                copy.prove()  # before its answers become a result
            return self.analysis.finish(work)

        return settled(copy, work.unit.entry.path, finished, lambda: self._in_place(work))

    def _in_place(self, work: SlideWork) -> Outcome:
        """A unit done anew, without scratch and without what was answered of a copy."""
        work.disown()
        analysis = replace(self.analysis, scratch=None)
        (result,) = replace(self, analysis=analysis, shown=False).results([work.unit])
        return result

    def _record(self, unit: Unit, outcome: Outcome) -> SlideResult:
        """The outcome on disk; that of a part is none of its slide, unless it failed."""
        result = SlideResult.of(outcome, unit.entry)
        if result.status == "failed":
            log.error("%s", result.reason)
        if result.parts == 1:
            write_outcome(self.analysis.folder.path, result)
        return result


def _died(unit: Unit) -> Outcome:
    entry = unit.entry
    seen = seen_of(entry)
    away = out_of_reach(_files(entry, seen))
    status = SlideError.exit_status if away else 1
    return Outcome(
        entry.slide_id, "failed", _DIED, exit_status=status, seen=seen, out_of_reach=away
    )


def _files(entry: SlideEntry, seen: Mapping[str, Sequence[int]]) -> Iterator[Path]:
    """All that is read of a slide; that its annotation is not there keeps nobody from reading."""
    return slide_paths(entry if ANNOTATION in seen else replace(entry, annotation=None))
