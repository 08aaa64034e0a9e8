"""Training from a folder of patch files to a model bundle."""

from __future__ import annotations

import logging
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import yaml

from common.config import digest
from common.errors import ConfigError, ContractError
from common.files import write_text
from common.model_bundle import Bundle, Manifest, SeenPatients, read_bundle, write_bundle
from common.prediction import Predictor
from common.preprocessing import Preprocessing
from common.provenance import log_head, run_record, software
from common.run_folder import RESOLVED, claim
from layer2_train.checkpoints import FOLDER as CHECKPOINTS
from layer2_train.curves import draw_history, draw_roc
from layer2_train.dataset import PatchDataset
from layer2_train.evaluation import METRICS, ROC, RUN, Answers, answer, write_json
from layer2_train.history import best
from layer2_train.model_card import Facts, model_card
from layer2_train.plan import differing, make_plan
from layer2_train.splits import SPLITS, TEST, TRAIN, VALID
from layer2_train.training import HISTORY, Trained, Training

if TYPE_CHECKING:
    from pathlib import Path

    from layer2_train.config import TrainSettings
    from layer2_train.plan import Plan

BUNDLE: Final = "bundle"
CURVES: Final = "curves.png"
SPLIT_TABLE: Final = "splits.csv"
_RESULTS: Final = (
    BUNDLE,
    HISTORY,
    CURVES,
    METRICS,
    ROC,
    SPLIT_TABLE,
    RESOLVED,
    RUN,
    CHECKPOINTS,
)
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Run:
    """A training that reached its end.

    Attributes
    ----------
    bundle : Bundle
    finished_before : bool
        Whether it had, before it was asked for again.
    """

    bundle: Bundle
    finished_before: bool

    @property
    def metrics(self) -> dict[str, Any]:
        """What `metrics.json` holds."""
        return self.bundle.manifest.metrics


def train(settings: TrainSettings, patches: Path, out: Path, *, overwrite: bool = False) -> Run:
    """Train, evaluate and write a run directory, from wherever an earlier call got to.

    Parameters
    ----------
    settings : TrainSettings
    patches : Path
        Folder of patch files.
    out : Path
        The run directory.
    overwrite : bool
        Begin anew; without it a run of another configuration, or of other patches, is refused.

    Raises
    ------
    ConfigError
        If the patches cannot be split as asked, or `out` holds another run.
    ContractError
        If a patch file breaks its contract.
    Interrupted
        If it was stopped; the same call goes on.
    """
    record = run_record("layer2-train train", digest(settings))
    log.info("%s", log_head(digest(settings)))
    plan = make_plan(patches, settings.split)
    datasets = _datasets(plan, settings)
    _prepare(out, settings, plan, overwrite=overwrite)
    if (done := _finished(out)) is not None:
        return Run(done, finished_before=True)
    log.info("patches:\n%s", plan.text())
    trained = Training(settings, datasets[TRAIN], datasets.get(VALID), out).run()
    draw_history(trained.history, out / CURVES)
    answers = _answers(trained, datasets, settings)
    draw_roc(answers, out / ROC)
    write_json(out / METRICS, {split: own.metrics for split, own in answers.items()})
    kept = best(trained.history).epoch
    write_json(out / RUN, {**record, "epochs": len(trained.history), "best_epoch": kept})
    bundle = _write_bundle(out / BUNDLE, settings, plan, trained, answers)
    return Run(bundle, finished_before=False)


def _datasets(plan: Plan, settings: TrainSettings) -> dict[str, PatchDataset]:
    """The splits that hold labelled patches; train holds both classes."""
    everything = PatchDataset(plan.files)  # all specifications agree, or this says which do not
    if everything.unknown:
        log.warning("%d patches have no label and are left out", everything.unknown)
    datasets = {split: PatchDataset(plan.files_of(split)) for split in SPLITS if plan.places[split]}
    counts = plan.counts()[TRAIN]
    missing = [name for name in ("normal", "tumor") if counts[name] == 0]
    if missing:
        raise ConfigError(
            f"split.train: expected normal and tumor patches, found no {' and no '.join(missing)}. "
            "Give patches of more patients, or another split"
        )
    known = {split: dataset for split, dataset in datasets.items() if len(dataset)}
    if VALID not in known:
        log.warning("no validation patches: the last epoch will be kept, good or bad")
        if settings.early_stopping.patience is not None:
            raise ConfigError(
                "early_stopping.patience: expected validation patches to judge by, found none. "
                "Set some aside with split.valid, or patience to null"
            )
    return known


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


def _answers(
    trained: Trained, datasets: dict[str, PatchDataset], settings: TrainSettings
) -> dict[str, Answers]:
    predictor = Predictor(trained.network, Preprocessing(), settings.batch_size)
    return {
        split: answer(predictor, datasets[split], settings, split)
        for split in (VALID, TEST)
        if split in datasets
    }


def _write_bundle(
    path: Path, settings: TrainSettings, plan: Plan, trained: Trained, answers: dict[str, Answers]
) -> Bundle:
    spec = plan.files[0].header.spec
    sources = {split: plan.sources_of(split) for split in SPLITS}
    config = without_names(settings)
    manifest = Manifest(
        architecture=settings.network.name,
        patch_size=spec.size,
        patch_mpp=spec.mpp,
        cam_layer=trained.cam_layer,
        slides={split: sorted({s.fingerprint for s in own}) for split, own in sources.items()},
        patients=SeenPatients.of(
            {split: [s.patient for s in own] for split, own in sources.items()}
        ),
        config=config,
        metrics={split: own.metrics for split, own in answers.items()},
        software=software(),
    )
    resolved = yaml.safe_dump(config, sort_keys=False)
    card = model_card(Facts(manifest, plan.counts(), trained.history, resolved))
    return write_bundle(path, manifest, trained.network.save, card)


def without_names(settings: TrainSettings) -> dict[str, Any]:
    """The resolved settings, patients that are named replaced by their number.

    A bundle travels further than the patches; who is in it is told by salted hashes only.
    """
    values = settings.model_dump(mode="json")
    split = values["split"]
    for name in (VALID, TEST):
        if isinstance(split.get(name), list):
            count = len(split[name])
            split[name] = f"{count} patient{'s' if count != 1 else ''}, by name"
    return values
