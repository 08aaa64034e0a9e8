"""What extracting a cohort takes, and how to cut it up, before a patch is read."""

from __future__ import annotations

import shlex
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from common.array_job import ArrayJob
from common.cli import Result
from common.cohort_job import CohortJob
from common.errors import SlideError
from common.outcomes import Outcome, attempt, exit_status
from common.progress import progress
from common.run_folder import refuse_other
from common.units import units_of
from common.workers import spread
from layer1_extract.calibration import calibrate
from layer1_extract.cohort_record import blocks_of, only_failures, refuse_other_blocks
from layer1_extract.cost import Cost
from layer1_extract.estimate import Cut, planned, seconds_of
from layer1_extract.given_masks import refuse_dropped_masks
from layer1_extract.left import Left, left_of
from layer1_extract.needs import Need, need_of
from layer1_extract.plan_text import largest, of_plan

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from common.cohort import SlideEntry
    from layer1_extract.config import ExtractSettings

SCRIPT: Final = "slurm/layer1_extract.sbatch"


@dataclass(frozen=True)
class Asked:
    """What is to be extracted, and how it may be cut up.

    Attributes
    ----------
    entries : sequence of SlideEntry
        All slides of the cohort.
    settings : ExtractSettings
    masks : Path or None
        Folder of masks that a person gave.
    cut : Cut
    words : sequence of str
        Of the command that extracts them, behind its verb and without how it is cut up.
    out : Path or None
        Folder of results, of which what is finished is not done again.
    retry_failed : bool
        Whether to do slides again that failed there.
    """

    entries: Sequence[SlideEntry]
    settings: ExtractSettings
    masks: Path | None
    cut: Cut
    words: Sequence[str]
    out: Path | None = None
    retry_failed: bool = False

    def left(self, blocks: int) -> Left:
        """The units that are not finished, and what else is there.

        Raises
        ------
        ConfigError
            If the folder of results is another configuration's, or its slides are cut otherwise.
        """
        units = units_of(self.entries, blocks)
        if self.out is None:
            return Left(tuple(range(len(units))))
        refuse_other_blocks(self.out, blocks)
        if not only_failures(self.out):
            refuse_other(self.out, self.settings)
        return left_of(units, self.out, retry_failed=self.retry_failed)

    @property
    def to_look_at(self) -> list[SlideEntry]:
        """The slides of which anything is not finished."""
        blocks = self.cut.blocks or 1
        places = dict.fromkeys(unit // blocks for unit in self.left(blocks).units)
        return [self.entries[place] for place in places]


def plan(asked: Asked, *, calibrated: bool = False) -> Result:
    """Look at the thumbnail of every slide that is left, and say what extracting them takes.

    Parameters
    ----------
    asked : Asked
    calibrated : bool
        Time patches of the first slide that has some, rather than trust what was measured before.
    """
    asked = _as_cut_before(asked)
    entries, settings = asked.to_look_at, asked.settings
    needs, failed = _look(entries, settings, asked.masks, asked.cut.workers)
    cost = (_measured(entries, needs, asked) if calibrated else None) or Cost.known(settings)
    made = planned(len(asked.entries), needs, cost, settings, asked.cut)
    seconds = {need.slide_id: seconds_of(need, cost) for need in needs}
    job = _job(asked, made.blocks, made.units_per_task)
    submit = submission(asked, job, made.cpus_per_task)
    data = {
        "plan": asdict(made),
        "job": job.data(),
        "cost": asdict(cost),
        "slides": [{**asdict(need), "cpu_s": seconds[need.slide_id]} for need in needs],
        "failed": {outcome.slide_id: outcome.reason for outcome in failed},
        "command": submit,
    }
    lines = [*of_plan(made, cost, settings, asked.cut), *job.lines(), *largest(needs, seconds)]
    lines += [f"  failed {outcome.slide_id}: {outcome.reason}" for outcome in failed]
    return Result("\n".join([*lines, submit]), data, exit_status(failed))


def quick_plan(asked: Asked, *, values: bool = False, freeze: Path | None = None) -> Result:
    """Say how to cut up what is left, by the number of slides alone: none is opened.

    Parameters
    ----------
    asked : Asked
    values : bool
        Say only what a shell needs, as `CohortJob.values` has it.
    freeze : Path or None
        Folder to write the cohort into, as `CohortJob.freeze` does.
    """
    asked = _as_cut_before(asked)
    blocks = asked.cut.blocks or 1
    job = _job(asked, blocks, asked.cut.units_per_task or 1)
    if freeze is not None:
        job.freeze(freeze)
    submit = submission(asked, job, min(asked.cut.workers, job.job.units_per_task))
    text = job.values() if values else "\n".join([*job.lines(), submit])
    return Result(text, {"job": job.data(), "command": submit})


def submission(asked: Asked, made: CohortJob, cpus: int) -> str:
    """The line that does it: an array job, or one command where there is one task only."""
    if not made.job.left:
        return f"nothing is left; next: layer1-extract merge {shlex.quote(str(asked.out))}"
    words = [*asked.words, *(["--blocks", str(made.blocks)] if made.blocks > 1 else [])]
    if made.job.tasks == 1:
        return shlex.join(["layer1-extract", "extract", *words])
    return made.job.sbatch(SCRIPT, words, cpus)


def words_of(
    slides: Path,
    out: Path | None,
    config: Path | None,
    overrides: Sequence[str],
    masks: Path | None,
    mpp: float | None,
) -> list[str]:
    """The words of the command that extracts what is planned, behind its verb."""
    options = {"--config": config, "--masks": masks, "--mpp": mpp}
    words = [str(slides), "--out", str(out or "OUT")]
    for name, value in options.items():
        words += [name, str(value)] if value is not None else []
    return words + [word for override in overrides for word in ("--set", override)]


def _as_cut_before(asked: Asked) -> Asked:
    """With as many parts as the slides in the folder of results have, unless a number is given."""
    if asked.cut.blocks is not None or asked.out is None or (blocks := blocks_of(asked.out)) == 1:
        return asked
    return replace(asked, cut=replace(asked.cut, blocks=blocks))


def _job(asked: Asked, blocks: int, wanted: int) -> CohortJob:
    left = asked.left(blocks)
    job = ArrayJob.of(len(asked.entries) * blocks, wanted, asked.cut.most_tasks, left.units)
    if asked.out is not None:
        opened = {*job.open_tasks}
        units = enumerate(units_of(asked.entries, blocks))
        theirs = [unit for place, unit in units if place % job.tasks in opened]
        refuse_dropped_masks(theirs, asked.out, asked.masks)
    about = (left.failed, left.changed, left.new, left.strangers)
    return CohortJob(asked.entries, blocks, job, *about)


def _look(
    entries: Sequence[SlideEntry], settings: ExtractSettings, masks: Path | None, workers: int
) -> tuple[list[Need], list[Outcome]]:
    """What each slide needs, and the failures of those that cannot be read, in their order."""
    work = partial(_need_or_failure, settings=settings, masks=masks)
    workers = max(1, min(workers, len(entries)))
    found = [*progress(spread(work, entries, workers, _died), "plan", total=len(entries))]
    needs = [one for one in found if isinstance(one, Need)]
    failed = [one for one in found if isinstance(one, Outcome)]
    return sorted(needs, key=lambda n: n.slide_id), sorted(failed, key=lambda o: o.slide_id)


def _need_or_failure(
    entry: SlideEntry, *, settings: ExtractSettings, masks: Path | None
) -> Need | Outcome:
    found: list[Need] = []

    def look() -> Outcome:
        found.append(need_of(entry, settings, masks))
        return Outcome(entry.slide_id, "done")

    outcome = attempt(entry.slide_id, look)
    return found[0] if found else outcome


def _died(entry: SlideEntry) -> Need | Outcome:
    reason = f"{entry.path}: slide: expected to be read, found that the process doing so was killed"
    return Outcome(entry.slide_id, "failed", reason, exit_status=SlideError.exit_status)


def _measured(entries: Sequence[SlideEntry], needs: Sequence[Need], asked: Asked) -> Cost | None:
    """The cost of patches of the first slide that has some."""
    with_patches = {need.slide_id for need in needs if need.patches}
    entry = next((entry for entry in entries if entry.slide_id in with_patches), None)
    return None if entry is None else calibrate(entry, asked.settings, asked.masks)
