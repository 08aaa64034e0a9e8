"""Writes the sample of the current slide model version; run once when a version is new.

python tests/support/make_slide_model_archive.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from common.model_bundle import SeenPatients
from common.provenance import software
from layer3_infer.slide_features import feature_names
from layer3_infer.slide_model.heatmap_kind import HeatmapKind
from layer3_infer.slide_model.model_file import FORMAT_VERSION, SlideModelFile, write_slide_model

ARCHIVES = Path(__file__).parents[1] / "contract" / "archives" / "slide_model"


def main(target: Path = ARCHIVES / f"v{FORMAT_VERSION}") -> None:
    """Write the sample, unless there is one."""
    if target.exists():
        return
    features = feature_names([0.5])
    steps = np.arange(len(features), dtype=np.float64)
    made = SlideModelFile(
        classes=("negative", "positive"),
        thresholds=(0.5,),
        features=features,
        means=tuple(steps / 10),
        scales=tuple(1 + steps / 4),
        coefficients=((0.0,) * len(features), tuple(np.cos(steps) / 4)),
        intercepts=(0.0, -0.5),
        heatmaps=HeatmapKind("a" * 64, "b" * 64, "tissue", 96.0, 48.0),
        slides=("c" * 64,),
        patients=SeenPatients.of({"train": ["patient_001"]}),
        counts={"negative": 5, "positive": 6},
        settings={"folds": 5},
        cross_validation={"folds": 5},
        software=software(),
    )
    write_slide_model(target / "sample.json", made)


if __name__ == "__main__":
    main()
