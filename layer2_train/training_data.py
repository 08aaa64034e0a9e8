"""The patches of a training, by split."""

from __future__ import annotations

import logging
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from layer2_train.dataset import PatchDataset
from layer2_train.splits import SPLITS
from layer2_train.staining import stains_of

if TYPE_CHECKING:
    from collections.abc import Generator

    from common.preprocessing import Preprocessing
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
