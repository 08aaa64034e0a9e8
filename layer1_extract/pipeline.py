"""A cohort to a folder of patch files: resume, spread over processes, record every outcome."""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import cv2
import numpy as np

from common.config import digest
from common.errors import ContractError, SlideError
from common.files import set_aside
from common.outcomes import Outcome, attempt, forget, write_outcome
from common.patch_file.reader import FOLDER as PATCH_FOLDER
from common.patch_file.reader import PatchFile
from common.patch_file.schema import SUFFIX
from common.progress import live
from common.reach import out_of_reach
from common.run_folder import claim, refuse_other
from common.slide_changes import seen_of
from common.slide_paths import slide_paths
from common.staging import copied_ahead, from_scratch
from common.workers import spread
from layer1_extract.board import open_board
from layer1_extract.cohort_record import (
    only_failures,
    record_cohort,
    refuse_other_blocks,
    set_aside_other_blocks,
    warn_of_gone,
)
from layer1_extract.extraction import extract_slide, patch_path
from layer1_extract.given_masks import refuse_dropped_masks, warn_of_changed_masks
from layer1_extract.resume import Run, finished, unlabelled, vanished
from layer1_extract.running import running, sweep_claims
from layer1_extract.stored_pixels import set_aside_other_storage

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from common.cohort import SlideEntry
    from common.staging import Desk
    from common.units import Unit
    from layer1_extract.board import Board, Report

log = logging.getLogger(__name__)


def extract(
    units: Sequence[Unit],
    run: Run,
    *,
    cohort: Sequence[SlideEntry] | None = None,
    workers: int = 1,
    overwrite: bool = False,
) -> tuple[list[Outcome], int]:
    """Extract the patches of each slide or part; those an earlier run finished are kept.

    Processes take the largest slides first, so that none is left over at the end. Where there are
    more workers than units, each process gets its share of them as threads; this does not change
    when the others have ended: cut large slides into parts to keep every worker at work.

    Parameters
    ----------
    units : sequence of Unit
        This process's share of the work.
    run : Run
    cohort : sequence of SlideEntry or None
        Every slide of the run, in whichever share; None where `units` are all of it.
    workers : int
        Processes times threads. The patches do not depend on it.
    overwrite : bool
        Do finished slides anew.

    Returns
    -------
    outcomes : list of Outcome
        One per slide or part, in the order of `units`.
    kept : int
        How many were finished before.

    Raises
    ------
    ConfigError
        If the folder holds results of another configuration, or of slides cut otherwise; or is
        given to another configuration meanwhile.
    """
    blocks = units[0].parts if units else 1
    if not overwrite:
        refuse_other_blocks(run.out, blocks)
        refuse_dropped_masks(units, run.out, run.masks)
    claim(run.out, run.settings, overwrite=overwrite or only_failures(run.out))
    sweep_claims(run.out)
    if overwrite:
        _set_aside_others(run)
        set_aside_other_blocks(run.out, blocks)
    entries = [unit.entry for unit in units] if cohort is None else cohort
    warn_of_gone(run.out, entries)
    record_cohort(run.out, entries)
    before = {} if overwrite else finished_before(units, run, note=True)
    todo = sorted((u for u in units if u.name not in before), key=lambda u: -u.size)
    fresh = {outcome.name: outcome for outcome in _spread(todo, run, workers, overwrite=overwrite)}
    refuse_other(run.out, run.settings)
    both = {**fresh, **before}
    found = [both.get(unit.name) or both[unit.entry.slide_id] for unit in units]
    outcomes = list({outcome.name: outcome for outcome in found}.values())
    return outcomes, sum(outcome.name in _names(before) for outcome in outcomes)


def would_keep(units: Sequence[Unit], run: Run) -> dict[str, Outcome]:
    """What `extract` would keep, or the refusal it would end with; writes nothing."""
    refuse_other_blocks(run.out, units[0].parts if units else 1)
    if not only_failures(run.out):
        refuse_other(run.out, run.settings)
    refuse_dropped_masks(units, run.out, run.masks)
    return finished_before(units, run)


def finished_before(units: Sequence[Unit], run: Run, *, note: bool = False) -> dict[str, Outcome]:
    """Outcomes of what an earlier run finished, by the name of the unit.

    `note` is that of `layer1_extract.resume.finished`.
    """
    warn_of_changed_masks(units, run.out, run.masks)
    found = {unit.name: finished(unit, run, note=note) for unit in units}
    return {name: outcome for name, outcome in found.items() if outcome is not None}


def _names(outcomes: dict[str, Outcome]) -> set[str]:
    return {outcome.name for outcome in outcomes.values()}


def _spread(todo: Sequence[Unit], run: Run, workers: int, *, overwrite: bool) -> Iterator[Outcome]:
    processes = max(1, min(workers, len(todo)))
    with open_board(len(todo)) as board:
        work = partial(
            _do,
            run=run,
            board=board,
            threads=max(1, workers // processes),
            overwrite=overwrite,
        )
        died = partial(_died, run=run, board=board)
        entries = [unit.entry for unit in todo]
        with _bar(todo, board), copied_ahead(run.scratch, entries, processes) as ended:
            for outcome in spread(work, [*enumerate(todo)], processes, died):
                ended(outcome.slide_id)
                yield outcome
    if run.scratch is not None:
        run.scratch.sweep()  # of processes that died


@contextmanager
def _bar(todo: Sequence[Unit], board: Board) -> Generator[None, None, None]:
    """A bar that moves within slides too; a slide counts for as much as its file is large."""
    sizes = np.array([max(unit.size, 1.0) for unit in todo])
    kind = "slides" if all(unit.parts == 1 for unit in todo) else "parts"
    start = time.monotonic()

    def look() -> tuple[float, str]:
        rows = board.read()
        done, kept = int((rows["share"] >= 1).sum()), int(rows["kept"].sum())
        speed = kept / max(time.monotonic() - start, 1e-3)
        text = f"{done} of {len(todo)} {kind}, {kept} patches, {speed:.0f} patches/s"
        return float((rows["share"] * sizes).sum() / max(sizes.sum(), 1.0)), text

    if not todo:
        yield
        return
    with live("extract", look):
        yield


def _do(
    item: tuple[int, Unit], *, run: Run, board: Board, threads: int, overwrite: bool
) -> Outcome:
    """Extract and record one unit, unless another process has finished it since."""
    row, unit = item
    refuse_other(run.out, run.settings)  # --overwrite may have given the folder to another run
    cv2.setNumThreads(1)  # what runs side by side is processes, and the threads given here
    outcome = None
    if not overwrite:
        outcome = finished(unit, run, level=logging.DEBUG) or unlabelled(unit, run)
    outcome = outcome or vanished(unit, run)
    if outcome is None:
        with running(run.out, unit.name) as beat:

            def report(kept: int, share: float) -> None:
                board.report(row)(kept, min(share, 0.999))  # done is what is recorded
                beat(kept, share)

            outcome = _record(_extracted(unit, run, threads, report), unit, run)
    board.report(row)(outcome.counts.get("kept", 0), 1.0)
    return outcome


def _extracted(unit: Unit, run: Run, threads: int, report: Report) -> Outcome:
    """Killed half-way, no old outcome stands for new files."""
    entry, out = unit.entry, run.out
    for name in {unit.name, entry.slide_id}:
        forget(out, name)
    set_aside_other_storage(patch_path(out, unit.name), run.settings.storage)
    if unit.parts > 1 and (aside := set_aside(patch_path(out, entry.slide_id))):
        log.warning("%s: its whole file of before is set aside as %s", entry.slide_id, aside)

    def extracted(local: SlideEntry, desk: Desk | None) -> Outcome:
        return extract_slide(
            local,
            out,
            run.settings,
            cut=(unit.part, unit.parts),
            threads=threads,
            masks=run.masks,
            report=report,
            desk=desk,
        )

    seen = seen_of(entry)
    work = partial(from_scratch, run.scratch, entry, extracted)
    outcome = attempt(entry.slide_id, work, slide_paths(entry))
    return replace(outcome, part=unit.part, parts=unit.parts, seen=seen)


def _record(outcome: Outcome, unit: Unit, run: Run) -> Outcome:
    """Write an outcome; what an earlier run left of a failed slide is no longer a result."""
    if outcome.status == "failed":
        # another process that was given the same slide may have finished it
        if meanwhile := finished(unit, run, level=logging.DEBUG):
            return meanwhile
        if aside := set_aside(patch_path(run.out, unit.name)):
            log.warning("%s: its older patch file is set aside as %s", unit.name, aside)
    write_outcome(run.out, outcome)
    return outcome


def _died(item: tuple[int, Unit], *, run: Run, board: Board) -> Outcome:
    """The outcome of a slide whose process died with it."""
    row, unit = item
    reason = (
        f"{unit.entry.path}: slide: expected to be read, found that the process reading it was "
        "killed, out of memory or by its decoder. Try it alone with --workers 1"
    )
    outcome = Outcome(
        unit.entry.slide_id,
        "failed",
        reason,
        exit_status=SlideError.exit_status,
        part=unit.part,
        parts=unit.parts,
        seen=seen_of(unit.entry),
        out_of_reach=out_of_reach(slide_paths(unit.entry)),
    )
    board.report(row)(0, 1.0)
    return _record(outcome, unit, run)


def _set_aside_others(run: Run) -> None:
    """Move patch files of another configuration away: a folder holds results of one."""
    for path in sorted((run.out / PATCH_FOLDER).glob(f"[!.]*{SUFFIX}")):
        try:
            same = PatchFile(path).header.config_sha256 == digest(run.settings)
        except ContractError:
            same = False
        if not same:
            log.warning("%s is of another configuration: set aside as %s", path, set_aside(path))
