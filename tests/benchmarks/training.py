"""Layer 2: how fast patches come from disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from timing import pairs

from common.cohort import read_cohort
from common.config import load
from common.patch_file.reader import find_patch_files
from layer1_extract.config import ExtractSettings
from layer1_extract.extraction import extract_slide
from layer2_train.dataset import PatchDataset, epoch_order

if TYPE_CHECKING:
    from pathlib import Path

_DENSE = ["patch.size=224", "patch.mpp=native", "sampling.method=dense"]


def loading(cohort: Path, out: Path, rounds: int) -> list[str]:
    """Shuffled batches from a raw patch file, against the same from memory."""
    (entry,) = read_cohort(cohort)
    extract_slide(entry, out / "raw", load(ExtractSettings, None, _DENSE))
    dataset = PatchDataset(find_patch_files(out / "raw"))
    order = epoch_order(len(dataset), 32, 0, 0)
    held = dataset.read(np.arange(len(dataset)))

    def disk() -> None:
        for _ in dataset.batches(order, 32):
            pass

    def from_memory() -> None:
        for start in range(0, len(order), 32):
            held[order[start : start + 32]]

    mine, other, ratio = pairs(disk, from_memory, rounds)
    return [
        "shuffled batches of raw 224 px patches, one core",
        f"{len(order) / mine:.0f} patches/s",
        f"from memory, {len(order) / other:.0f} patches/s",
        f"{ratio:.2f}",
    ]
