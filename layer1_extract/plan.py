"""What extracting a cohort takes, and how to cut it up, before a patch is read."""

from __future__ import annotations

import math
import shlex
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from common.cli import Result
from common.errors import SlideError
from common.outcomes import Outcome, attempt, exit_status
from common.progress import progress
from common.workers import spread
from layer1_extract.calibration import calibrate
from layer1_extract.config import DenseSampling
from layer1_extract.cost import BESIDE_S, START_S, Cost
from layer1_extract.needs import Need, need_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from common.cohort import SlideEntry
    from layer1_extract.config import ExtractSettings

UNIT_S: Final = 600.0
"""A part should take no longer: what a task that is killed must do again."""

LEAST_UNIT_S: Final = 60.0
"""Nor much less than this, since each part looks at its slide from afar anew."""

_LARGEST: Final = 5


@dataclass(frozen=True)
class Cut:
    """How the work may be cut up.

    Attributes
    ----------
    blocks : int or None
        Parts of each slide; None leaves it to the plan.
    max_array : int
        The cluster's MaxArraySize; task numbers stay below it.
    units_per_task : int or None
        Slides or parts a task does; None for enough to be worth a task.
    workers : int
        Cores.
    """

    blocks: int | None = None
    max_array: int = 1001
    units_per_task: int | None = None
    workers: int = 1


@dataclass(frozen=True)
class Plan:
    """What a cohort takes.

    Attributes
    ----------
    slides : int
        In the cohort, those that cannot be read among them.
    candidates, patches : int
    bytes_by_codec : dict of str to float
    cpu_s, wall_s : float, s
        On one core, and on the cores given.
    blocks, units, units_per_task, tasks : int
    cpus_per_task : int
        Of those given, no more than a task has slides or parts.
    """

    slides: int
    candidates: int
    patches: int
    bytes_by_codec: dict[str, float]
    cpu_s: float
    wall_s: float
    blocks: int
    units: int
    units_per_task: int
    tasks: int
    cpus_per_task: int


def plan(
    entries: Sequence[SlideEntry],
    settings: ExtractSettings,
    masks: Path | None,
    cut: Cut,
    command: Sequence[str],
    *,
    calibrated: bool = False,
) -> Result:
    """Look at every slide's thumbnail, and say what extracting them takes.

    Parameters
    ----------
    entries : sequence of SlideEntry
    settings : ExtractSettings
    masks : Path or None
    cut : Cut
    command : sequence of str
        The words of the command that extracts them, without how it is cut up.
    calibrated : bool
        Time patches of the first slide that has some, rather than trust what was measured before.
    """
    needs, failed = _look(entries, settings, masks, cut.workers)
    cost = (_measured(entries, needs, settings, masks) if calibrated else None) or Cost.known(
        settings
    )
    seconds = {need.slide_id: _seconds(need, cost) for need in needs}
    made = planned(len(entries), needs, cost, settings, cut)
    submit = submission(command, made)
    data = {
        "plan": asdict(made),
        "cost": asdict(cost),
        "slides": [{**asdict(need), "cpu_s": seconds[need.slide_id]} for need in needs],
        "failed": {outcome.slide_id: outcome.reason for outcome in failed},
        "command": submit,
    }
    text = "\n".join([*_said(made, cost, settings, cut), *_largest(needs, seconds)])
    lines = [f"  failed {outcome.slide_id}: {outcome.reason}" for outcome in failed]
    return Result("\n".join([text, *lines, submit]), data, exit_status(failed))


def planned(
    slides: int, needs: Sequence[Need], cost: Cost, settings: ExtractSettings, cut: Cut
) -> Plan:
    """The plan that follows from what each slide needs."""
    each = [_seconds(need, cost) for need in needs]
    blocks = cut.blocks or _suggested(max(each, default=0.0), sum(each), settings, cut)
    units = slides * blocks
    longest = max((_seconds(n, cost, blocks) / blocks for n in needs), default=0.0)
    work_s = sum(_seconds(need, cost, blocks) for need in needs)
    wanted = cut.units_per_task or _enough(units, work_s)
    per_task = min(units, max(wanted, math.ceil(units / cut.max_array)))
    tasks = math.ceil(units / per_task)
    sizes = [(need.patches, cost.patch_bytes(need.patch_size)) for need in needs]
    return Plan(
        slides=slides,
        candidates=sum(need.candidates for need in needs),
        patches=sum(need.patches for need in needs),
        bytes_by_codec={
            codec: sum(number * each[codec] for number, each in sizes)
            for codec in ("raw", "jpeg", "none")
        },
        cpu_s=work_s + START_S * tasks,
        wall_s=START_S + max(work_s / cut.workers, longest / max(1, cut.workers // units)),
        blocks=blocks,
        units=units,
        units_per_task=per_task,
        tasks=tasks,
        cpus_per_task=min(cut.workers, per_task),
    )


def submission(command: Sequence[str], made: Plan) -> str:
    """The line that does it: an array job, or one command where there is one task only."""
    words = [*command, *(["--blocks", str(made.blocks)] if made.blocks > 1 else [])]
    if made.tasks == 1:
        return shlex.join(words)
    task = f"{shlex.join(words)} --shard $SLURM_ARRAY_TASK_ID/{made.tasks}"
    asked = f"--array=0-{made.tasks - 1} --cpus-per-task={made.cpus_per_task}"
    return f"sbatch {asked} --wrap={shlex.quote(task)}"


def command(
    slides: Path,
    config: Path | None,
    overrides: Sequence[str],
    masks: Path | None,
    mpp: float | None,
) -> list[str]:
    """The words of the command that extracts what is planned."""
    options = {"--config": config, "--masks": masks, "--mpp": mpp}
    words = ["layer1-extract", "extract", str(slides), "--out", "OUT"]
    for name, value in options.items():
        words += [name, str(value)] if value is not None else []
    return words + [word for override in overrides for word in ("--set", override)]


def _look(
    entries: Sequence[SlideEntry], settings: ExtractSettings, masks: Path | None, workers: int
) -> tuple[list[Need], list[Outcome]]:
    """What each slide needs, and the failures of those that cannot be read, in their order."""
    work = partial(_need_or_failure, settings=settings, masks=masks)
    workers = min(workers, len(entries))
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


def _measured(
    entries: Sequence[SlideEntry],
    needs: Sequence[Need],
    settings: ExtractSettings,
    masks: Path | None,
) -> Cost | None:
    """The cost of patches of the first slide that has some."""
    with_patches = {need.slide_id for need in needs if need.patches}
    some = (entry for entry in entries if entry.slide_id in with_patches)
    entry = next(some, None)
    return None if entry is None else calibrate(entry, settings, masks)


def _seconds(need: Need, cost: Cost, blocks: int = 1) -> float:
    """Processor time of one slide, s."""
    stored_mpx = need.patch_size**2 / 1e6
    each = cost.read_s * need.source_mpx + cost.store_s * stored_mpx
    return need.patches * each + (2 * need.survey_s + BESIDE_S) * blocks


def _suggested(largest_s: float, total_s: float, settings: ExtractSettings, cut: Cut) -> int:
    """Parts such that none takes long, and no core waits for the largest slide at the end."""
    if not isinstance(settings.sampling, DenseSampling):
        return 1
    target = min(UNIT_S, max(LEAST_UNIT_S, total_s / cut.workers / 2))
    return max(1, math.ceil(largest_s / target))


def _enough(units: int, total_s: float) -> int:
    """Units that keep one core busy for a while: starting a task takes time too."""
    return units if total_s <= LEAST_UNIT_S else math.ceil(units * LEAST_UNIT_S / total_s)


def _said(made: Plan, cost: Cost, settings: ExtractSettings, cut: Cut) -> list[str]:
    sizes = ", ".join(
        f"{made.bytes_by_codec[codec] / 1e9:.2f} GB as {name}"
        for codec, name in (("raw", "raw"), ("jpeg", "jpeg"), ("none", "locations only"))
    )
    source = "timed here" if cost.measured else "measured elsewhere: --calibrate times it here"
    patches = f"{made.patches} patches at most, of {made.candidates} places looked at"
    tasks = f"{made.tasks} task{'s' if made.tasks > 1 else ''} of {made.units_per_task}"
    return [
        f"{made.slides} slides: {patches}",
        f"disk: {sizes} (JPEG of quality {settings.storage.quality}, "
        f"{cost.jpeg_bytes:.2f} bytes per pixel)",
        f"time: {_duration(made.cpu_s)} on one core, {_duration(made.wall_s)} on {cut.workers} "
        f"({source})",
        f"work: --blocks {made.blocks}, {_units(made)}, {tasks}",
    ]


def _units(made: Plan) -> str:
    parts = f"{made.units} parts of " if made.blocks > 1 else ""
    return f"{parts}{made.slides} slides"


def _largest(needs: Sequence[Need], seconds: dict[str, float]) -> list[str]:
    largest = sorted(needs, key=lambda need: -seconds[need.slide_id])[:_LARGEST]
    return [
        f"  {need.slide_id}: {need.patches} patches, {_duration(seconds[need.slide_id])}"
        for need in largest
    ]


def _duration(seconds: float) -> str:
    """A time for a person, rounded.

    Examples
    --------
    >>> _duration(0.3), _duration(4.2), _duration(90), _duration(9000)
    ('under 1 s', '4 s', '1.5 min', '2.5 h')
    """
    if seconds < 1:
        return "under 1 s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"
