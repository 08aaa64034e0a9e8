"""Writes the sample of the current model bundle version; run once when a version is new.

python tests/support/make_model_archive.py
"""

from __future__ import annotations

from pathlib import Path

import keras

from common.model_bundle import FORMAT_VERSION, Manifest, SeenPatients, write_bundle
from common.preprocessing import Preprocessing
from common.provenance import software

ARCHIVES = Path(__file__).parents[1] / "contract" / "archives" / "model_bundle"
SIZE = 8


def main(target: Path = ARCHIVES / f"v{FORMAT_VERSION}") -> None:
    """Write the sample, unless there is one."""
    if target.exists():
        return
    manifest = Manifest(
        architecture="sample",
        patch_size=SIZE,
        patch_mpp=0.972,
        preprocessing=Preprocessing.of("macenko", 32),
        cam_layer="conv",
        slides={"train": ["a" * 64], "valid": [], "test": ["b" * 64]},
        patients=SeenPatients.of({"train": ["patient_000"], "test": ["patient_001"]}),
        config={"network": {"name": "sample"}, "seed": 0},
        metrics={"valid": {"n": 8, "auc": {"value": 0.9, "low": 0.8, "high": None}}},
        software=software().split(" (")[0],
    )
    write_bundle(target, manifest, _network().save, "# A sample\n\nTrained on nothing.\n")


def _network() -> keras.Model:
    keras.utils.set_random_seed(0)
    image = keras.Input((SIZE, SIZE, 3), name="patch")
    scaled = keras.layers.Rescaling(1 / 255)(image)
    maps = keras.layers.Conv2D(2, 3, activation="relu", name="conv")(scaled)
    mean = keras.layers.GlobalAveragePooling2D()(maps)
    return keras.Model(image, keras.layers.Dense(1, activation="sigmoid", name="answer")(mean))


if __name__ == "__main__":
    main()
