"""Layer 3: how fast a heatmap is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from timing import pairs

from common.cohort import read_cohort
from common.openslide_slide import OpenSlideSlide
from common.patches import PatchSpec
from common.prediction import Predictor
from common.preprocessing import Preprocessing
from layer2_train.architectures import build
from layer2_train.config import NetworkSettings
from layer3_infer.config import HeatmapSettings
from layer3_infer.locations import on_tissue
from layer3_infer.predict import predict

if TYPE_CHECKING:
    from pathlib import Path


def heatmap(cohort: Path, rounds: int) -> list[str]:
    """A heatmap's answers read from the slide, against the network on patches in memory."""
    (entry,) = read_cohort(cohort)
    slide = OpenSlideSlide(entry.path, entry.slide_id)
    spec = PatchSpec(96, 0.5)
    network = build(NetworkSettings(name="camnet_small"), spec.size).network
    predictor = Predictor(network, Preprocessing(), 64)
    places = on_tissue(slide, spec, HeatmapSettings(stride=48))
    held = np.stack([slide.read(x, y, spec) for x, y in places.xy.tolist()])
    mine, other, ratio = pairs(
        lambda: predict(slide, places, spec, predictor, workers=2),
        lambda: predictor(held),
        rounds,
    )
    n = len(held)
    return [
        f"heatmap of {n} patches of 96 px, camnet_small, two cores",
        f"{n / mine:.0f} patches/s",
        f"patches in memory, {n / other:.0f} patches/s",
        f"{ratio:.2f}",
    ]
