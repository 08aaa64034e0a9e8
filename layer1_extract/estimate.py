"""What extracting slides takes, and into how many parts and tasks to cut it, as numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from common.array_job import ArrayJob
from layer1_extract.config import DenseSampling
from layer1_extract.cost import BESIDE_S, START_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layer1_extract.config import ExtractSettings
    from layer1_extract.cost import Cost
    from layer1_extract.needs import Need

UNIT_S: Final = 600.0
"""A part should take no longer: what a task that is killed must do again."""

LEAST_UNIT_S: Final = 60.0
"""Nor much less than this, since each part looks at its slide from afar anew."""


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
    max_tasks : int or None
        How many jobs the cluster takes from one user; None where that is no matter.
    """

    blocks: int | None = None
    max_array: int = 1001
    units_per_task: int | None = None
    workers: int = 1
    max_tasks: int | None = None

    @property
    def most_tasks(self) -> int:
        """Tasks at most."""
        return min(self.max_array, self.max_tasks or self.max_array)


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


def planned(
    slides: int, needs: Sequence[Need], cost: Cost, settings: ExtractSettings, cut: Cut
) -> Plan:
    """The plan that follows from what each slide needs."""
    each = [seconds_of(need, cost) for need in needs]
    blocks = cut.blocks or _suggested(max(each, default=0.0), sum(each), settings, cut)
    units = slides * blocks
    longest = max((seconds_of(n, cost, blocks) / blocks for n in needs), default=0.0)
    work_s = sum(seconds_of(need, cost, blocks) for need in needs)
    wanted = cut.units_per_task or _enough(units, work_s)
    job = ArrayJob.of(units, wanted, cut.most_tasks)
    sizes = [(need.patches, cost.patch_bytes(need.patch_size)) for need in needs]
    return Plan(
        slides=slides,
        candidates=sum(need.candidates for need in needs),
        patches=sum(need.patches for need in needs),
        bytes_by_codec={
            codec: sum(number * each[codec] for number, each in sizes)
            for codec in ("raw", "jpeg", "none")
        },
        cpu_s=work_s + START_S * job.tasks,
        wall_s=START_S + max(work_s / cut.workers, longest / max(1, cut.workers // units)),
        blocks=blocks,
        units=units,
        units_per_task=job.units_per_task,
        tasks=job.tasks,
        cpus_per_task=min(cut.workers, job.units_per_task),
    )


def seconds_of(need: Need, cost: Cost, blocks: int = 1) -> float:
    """Processor time of one slide, cut into so many parts, s."""
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
