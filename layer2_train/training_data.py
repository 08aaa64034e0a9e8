"""The patches of a training, by split."""

from __future__ import annotations

import logging
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from common.errors import ConfigError
from layer2_train.dataset import PatchDataset
from layer2_train.splits import SPLITS, TRAIN, VALID
from layer2_train.staining import stains_of
from layer2_train.thresholds import refuse_without_patches

if TYPE_CHECKING:
    from collections.abc import Generator

    from common.preprocessing import Preprocessing
    from layer2_train.config import TrainSettings
    from layer2_train.plan import Plan

log = logging.getLogger(__name__)


@contextmanager
def opened_splits(
    plan: Plan, preprocessing: Preprocessing
) -> Generator[dict[str, PatchDataset], None, None]:
    """The splits that hold labelled patches."""
    stains = stains_of(plan.files, preprocessing)
    with ExitStack() as stack:
        datasets = {}
        for split in SPLITS:
            places = plan.places[split]
            if places:
                files, own = plan.files_of(split), [stains[place] for place in places]
                datasets[split] = PatchDataset(files, stains=own)
                stack.callback(datasets[split].close)
        unknown = sum(dataset.unknown for dataset in datasets.values())
        if unknown:
            log.warning("%d patches have no label and are left out", unknown)
        yield {split: dataset for split, dataset in datasets.items() if len(dataset)}


def refuse_too_few(plan: Plan, settings: TrainSettings) -> None:
    """Refuse what the labels of the patches cannot serve.

    Raises
    ------
    ConfigError
        If training, or what the settings choose on validation patches, lacks patches of a class.
    """
    counts = plan.counts()
    train, valid = counts[TRAIN], counts[VALID]
    missing = [name for name in ("normal", "tumor") if train[name] == 0]
    if missing:
        raise ConfigError(
            f"split.train: expected normal and tumor patches, found no {' and no '.join(missing)}. "
            "Give patches of more patients, or another split"
        )
    refuse_without_patches(settings.threshold, normal=valid["normal"], tumor=valid["tumor"])
    if valid["normal"] + valid["tumor"]:
        return
    log.warning("no validation patches: the last epoch will be kept, good or bad")
    if settings.early_stopping.patience is not None:
        raise ConfigError(
            "early_stopping.patience: expected validation patches to judge by, found none. "
            "Set some aside with split.valid, or patience to null"
        )
