"""Layer 3: how long an explanation takes."""

from __future__ import annotations

from typing import Final

import numpy as np
from timing import pairs

from common.prediction import Predictor
from common.preprocessing import Preprocessing
from layer2_train.architectures import build
from layer2_train.config import NetworkSettings
from layer3_infer.explain.lime import Lime
from layer3_infer.settings.explain import LimeSettings

SIZE: Final = 96
_BATCH: Final = 64


def lime_row(rounds: int) -> list[str]:
    """LIME of one patch, one repeat, against the network's answers to as many patches alone."""
    network = build(NetworkSettings(name="camnet_small"), SIZE).network
    predictor = Predictor(network, Preprocessing(), _BATCH)
    settings = LimeSettings(repeats=1)
    shape = (settings.samples, SIZE, SIZE, 3)
    patches = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    explain = Lime(predictor, settings)
    mine, other, ratio = pairs(lambda: explain(patches[0]), lambda: predictor(patches), rounds)
    return [
        f"LIME of a patch of {SIZE} px, {settings.samples:,} samples, camnet_small, two cores",
        f"{mine:.2f} s",
        f"the answers alone, {other:.2f} s",
        f"{ratio:.2f}",
    ]
