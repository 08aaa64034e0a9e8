"""The whole way through the layers in half a minute, and where its results lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PHANTOM = ("--slides", "4", "--size", "1024")


def settings(*values):
    return [word for value in values for word in ("--set", value)]


EXTRACT = settings(
    *("patch.size=96", "patch.mpp=0.5", "sampling.method=random", "sampling.per_class=40")
)
TRAIN = settings(
    *("network.name=camnet_small", "batch_size=32", "epochs=1"),
    *("split.by=patient", "split.valid=[patient_001]", "split.test=[patient_040]"),
)
HEATMAP = settings("stride=96")


@dataclass(frozen=True)
class Results:
    """Folders of one way through the layers; `model` is the bundle."""

    cohort: Path
    patches: Path
    model: Path
    heatmaps: Path

    @property
    def slides(self):
        return sorted(path.stem for path in self.cohort.glob("centre_*/*.tif"))
