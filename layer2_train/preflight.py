"""What can be told to be wrong with a training before it begins, on a node without Keras."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from common.errors import ConfigError
from layer2_train.plan import Plan, make_plan
from layer2_train.splits import TRAIN, VALID
from layer2_train.thresholds import refuse_without_patches
from layer2_train.tracking import refuse_missing
from layer2_train.weights import check_start

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from layer2_train.config import TrainSettings

log = logging.getLogger(__name__)


def preflight(settings: TrainSettings, patches: Path | Sequence[Path]) -> Plan:
    """What a training would read, once nothing speaks against it.

    Imports no Keras and writes nothing.

    Raises
    ------
    ConfigError
        If the patches cannot be split as asked or lack a class that is needed, or weights or a
        library that are asked for are not there.
    UnfitPatchesError
        Listing every patch file that is damaged or unfit.
    """
    refuse_missing(settings)
    plan = make_plan(patches, settings.split)
    refuse_too_few(plan, settings)
    check_start(settings.network, plan.files[0].header.spec.size)
    return plan


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
