"""Training from folders of patch files to a model bundle."""

from __future__ import annotations

import json
import logging
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from common.config import digest
from common.provenance import run_record
from common.staging import Scratch
from layer2_train import distributed
from layer2_train.launch import alone
from layer2_train.looks import LOOKS, looked
from layer2_train.preflight import preflight
from layer2_train.ranks import from_first
from layer2_train.results import BUNDLE, Outcome, measured, write_results
from layer2_train.run_directory import finished, taken
from layer2_train.splits import TEST, TRAIN, VALID
from layer2_train.staged_files import on_scratch
from layer2_train.staining import preprocessing_of
from layer2_train.tracking import opened
from layer2_train.training import Training
from layer2_train.training_data import opened_splits

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from layer2_train.config import TrainSettings
    from layer2_train.dataset import PatchDataset
    from layer2_train.plan import Plan
    from layer2_train.ranks import Ranks
    from layer2_train.tracking import Tracker

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Run:
    """A training that reached its end.

    Attributes
    ----------
    bundle : Path
        The model bundle.
    metrics : dict
        What `metrics.json` holds.
    finished_before : bool
        Whether it had, before it was asked for again.
    rank : int
        Of this process; the others tell the same.
    """

    bundle: Path
    metrics: dict[str, Any]
    finished_before: bool
    rank: int = 0


def train(
    settings: TrainSettings,
    patches: Path | Sequence[Path],
    out: Path,
    *,
    overwrite: bool = False,
    scratch: Path | None = None,
) -> Run:
    """Train, evaluate and write a run directory, from wherever an earlier call got to.

    Every rank of a training calls it; rank 0 alone writes.

    Parameters
    ----------
    settings : TrainSettings
    patches : Path or sequence of Path
        Folders of patch files.
    out : Path
        The run directory.
    overwrite : bool
        Begin anew; without it a run of another configuration, or of other patches, is refused.
    scratch : Path or None
        Folder that patch files are copied to before they are read; nothing depends on it.

    Raises
    ------
    ConfigError
        If the patches cannot be split as asked, weights or a library that are asked for are not
        there, `out` holds another run, or another launch trains there now.
    ContractError
        If a patch file breaks its contract.
    Interrupted
        If it was stopped; the same call goes on.
    """
    with distributed.ranks(settings.distributed, out) as ranks, ExitStack() as stack:
        disk = None if scratch is None else Scratch.opened(scratch)
        plan = preflight(settings, patches)
        first = ranks.rank == 0
        stack.enter_context(alone(out) if first else nullcontext())
        with taken(out, settings, plan, overwrite=overwrite) if first else nullcontext():
            before = _agreed(ranks, out)
            if before is not None:
                return Run(out / BUNDLE, before, finished_before=True, rank=ranks.rank)
            local = stack.enter_context(on_scratch(plan, disk, ranks))
            job = _Job.begun(settings, local, out, ranks, stack)
            job = replace(job, plan=plan)  # what is recorded is said of the files themselves
        job.finish()
        return Run(out / BUNDLE, _agreed(ranks, out) or {}, finished_before=False, rank=ranks.rank)


def _agreed(ranks: Ranks, out: Path) -> dict[str, Any] | None:
    """The metrics of a finished run, as rank 0 sees it; None where it is not finished.

    Others may see a shared folder as it was a while ago.
    """
    bundle = finished(out) if ranks.rank == 0 else None
    own = None if bundle is None else bundle.manifest.metrics
    return json.loads(from_first(ranks, json.dumps(own)))


@dataclass(frozen=True, eq=False)
class _Job:
    """A training that is ready to begin."""

    plan: Plan
    datasets: dict[str, PatchDataset]
    training: Training
    tracker: Tracker | None
    record: dict[str, Any]

    @classmethod
    def begun(
        cls, settings: TrainSettings, plan: Plan, out: Path, ranks: Ranks, stack: ExitStack
    ) -> _Job:
        """Open all that a training needs; `stack` closes it."""
        log.info("patches:\n%s", plan.text())
        record = {**run_record("layer2-train train", digest(settings)), "ranks": ranks.size}
        preprocessing = preprocessing_of(settings)
        datasets = stack.enter_context(opened_splits(plan, preprocessing))
        training = Training(
            settings,
            datasets[TRAIN],
            datasets.get(VALID),
            out,
            preprocessing=preprocessing,
            ranks=ranks,
        )
        tracker = None
        if ranks.rank == 0:
            tracker = stack.enter_context(opened(settings, out, record))
            training.tell = tracker.epoch
        return cls(plan, datasets, training, tracker, record)

    def finish(self) -> None:
        """Train, measure, and write the results on rank 0."""
        training = self.training
        settings, out, preprocessing = training.settings, training.folder, training.preprocessing
        trained = training.run()
        answers = measured(trained, preprocessing, self.datasets, settings, training.ranks)
        if self.tracker is None:
            return
        outcome = Outcome(settings, self.plan, preprocessing, trained, answers)
        if TEST in answers:
            slides = [source.fingerprint for source in self.plan.sources_of(TEST)]
            looked(out / LOOKS, "train", digest(outcome.metrics), slides)
        files = write_results(outcome, out, self.record)
        self.tracker.results(outcome.metrics, files)
