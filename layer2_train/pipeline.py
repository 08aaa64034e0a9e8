"""Training from folders of patch files to a model bundle."""

from __future__ import annotations

import json
import logging
import shutil
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from common.config import digest
from common.errors import ConfigError, ContractError
from common.files import write_text
from common.model_bundle import Bundle, read_bundle
from common.provenance import log_head, run_record
from common.run_folder import RESOLVED, claim
from layer2_train import distributed
from layer2_train.checkpoints import FOLDER as CHECKPOINTS
from layer2_train.evaluation import METRICS, RUN
from layer2_train.looks import LOOKS, looked
from layer2_train.mlflow_run import IDENTITY as MLFLOW_RUN
from layer2_train.pictures import PICTURES
from layer2_train.plan import differing, make_plan
from layer2_train.ranks import from_first
from layer2_train.results import BUNDLE, CURVES, Outcome, measured, write_results
from layer2_train.splits import TEST, TRAIN, VALID
from layer2_train.staining import preprocessing_of
from layer2_train.tensorboard import FOLDER as TENSORBOARD
from layer2_train.tracking import opened, refuse_missing
from layer2_train.training import HISTORY, Training
from layer2_train.training_data import opened_splits, refuse_too_few
from layer2_train.weights import check_start

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from layer2_train.config import TrainSettings
    from layer2_train.plan import Plan
    from layer2_train.ranks import Ranks

SPLIT_TABLE: Final = "splits.csv"
_RESULTS: Final = (
    BUNDLE,
    HISTORY,
    CURVES,
    METRICS,
    *PICTURES,
    SPLIT_TABLE,
    RESOLVED,
    RUN,
    CHECKPOINTS,
    TENSORBOARD,
    MLFLOW_RUN,
)
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
    settings: TrainSettings, patches: Path | Sequence[Path], out: Path, *, overwrite: bool = False
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

    Raises
    ------
    ConfigError
        If the patches cannot be split as asked, weights or a library that are asked for are not
        there, or `out` holds another run.
    ContractError
        If a patch file breaks its contract.
    Interrupted
        If it was stopped; the same call goes on.
    """
    log.info("%s", log_head(digest(settings)))
    refuse_missing(settings)
    with distributed.ranks(settings.distributed, out) as ranks:
        plan = make_plan(patches, settings.split)
        refuse_too_few(plan, settings)
        check_start(settings.network, plan.files[0].header.spec.size)
        if ranks.rank == 0:
            _prepare(out, settings, plan, overwrite=overwrite)
        before = _agreed(ranks, out)
        if before is None:
            _train(settings, plan, out, ranks)
        metrics = _agreed(ranks, out) or {}
        return Run(out / BUNDLE, metrics, finished_before=before is not None, rank=ranks.rank)


def _agreed(ranks: Ranks, out: Path) -> dict[str, Any] | None:
    """The metrics of a finished run, as rank 0 sees it; None where it is not finished.

    Others may see a shared folder as it was a while ago.
    """
    bundle = _finished(out) if ranks.rank == 0 else None
    own = None if bundle is None else bundle.manifest.metrics
    return json.loads(from_first(ranks, json.dumps(own)))


def _train(settings: TrainSettings, plan: Plan, out: Path, ranks: Ranks) -> None:
    record = {**run_record("layer2-train train", digest(settings)), "ranks": ranks.size}
    preprocessing = preprocessing_of(settings)
    log.info("patches:\n%s", plan.text())
    first = ranks.rank == 0
    with (
        opened_splits(plan, preprocessing) as datasets,
        opened(settings, out, record) if first else nullcontext() as tracker,
    ):
        training = Training(
            settings,
            datasets[TRAIN],
            datasets.get(VALID),
            out,
            preprocessing=preprocessing,
            ranks=ranks,
            tell=tracker.epoch if tracker else None,
        )
        trained = training.run()
        answers = measured(trained, preprocessing, datasets, settings, ranks)
        if tracker:
            outcome = Outcome(settings, plan, preprocessing, trained, answers)
            if TEST in answers:
                looked(out / LOOKS, "train", digest(outcome.metrics))
            files = write_results(outcome, out, record)
            tracker.results(outcome.metrics, files)


def _prepare(out: Path, settings: TrainSettings, plan: Plan, *, overwrite: bool) -> None:
    """Make `out` this run's: empty of another's results, with its configuration and split."""
    if overwrite:
        for name in _RESULTS:
            path = out / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    claim(out, settings, overwrite=overwrite)
    table = out / SPLIT_TABLE
    if not table.exists():
        write_text(table, plan.csv())
        return
    before = table.read_text(encoding="utf-8")
    if before != plan.csv():
        others = differing(before, plan.csv())
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        raise ConfigError(
            f"{table}: expected the patch files this run began with, found others: "
            f"{', '.join(others[:3])}{more}. "
            "Give those, another --out, or --overwrite to begin anew"
        )


def _finished(out: Path) -> Bundle | None:
    """The bundle of a run that reached its end; it is written last."""
    if not (out / BUNDLE).exists():
        return None
    try:
        return read_bundle(out / BUNDLE)
    except ContractError as error:
        log.warning("the bundle is made anew from the checkpoint: %s", error)
        return None
