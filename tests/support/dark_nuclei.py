"""Patches with dark nuclei on tissue of changing tint, and a network that sees darkness alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import keras
import numpy as np
from patch_files import write_patch_file

from common.model_bundle import Manifest, SeenPatients, write_bundle

SIZE, MPP = 64, 0.5
THRESHOLDS = (60, 90, 120, 150)
UNHEARD = 36
LAYER = "looks"


def paint(count, rng):
    """Patches (N, S, S, 3) uint8; their nuclei's area in px (N,), their tint (N,)."""
    patches = np.empty((count, SIZE, SIZE, 3), np.uint8)
    areas, tints = np.zeros(count), rng.uniform(-25, 25, count)
    for patch, number in zip(patches, range(count), strict=True):
        patch[:] = np.clip([235, 165 + tints[number], 215 - tints[number]], 0, 255)
        mask = np.zeros((SIZE, SIZE), np.uint8)
        radius = int(rng.integers(5, 9))
        for x in (16, 48):
            for y in (16, 48):
                cv2.circle(mask, (x, y), radius, (1,), -1)
        patch[mask > 0] = (80, 45, 120)
        areas[number] = mask.sum()
        patch[:] = np.clip(patch + rng.normal(0, 3, patch.shape), 0, 255)
    return patches, areas, tints


def dark_network() -> keras.Model:
    """(B, S, S, 3), 0 to 255 -> probability, the higher the more of the patch is dark.

    Its one layer has four features of darkness, and others of tint that nothing listens to.
    """
    rng = np.random.default_rng(0)
    pixels = keras.Input((SIZE, SIZE, 3))
    features = keras.layers.Conv2D(4 + UNHEARD, 1, activation="relu", name=LAYER)(pixels)
    mean = keras.layers.GlobalAveragePooling2D()(features)
    answer = keras.layers.Dense(1, activation="sigmoid", name="tumor")(mean)
    network = keras.Model(pixels, answer)
    kernel = np.full((1, 1, 3, 4 + UNHEARD), -1 / 3, np.float32)
    tint = rng.normal(size=(3, UNHEARD))
    kernel[0, 0, :, 4:] = tint - tint.mean(axis=0)  # grey of any light is no tint
    bias = np.array([*THRESHOLDS, *rng.uniform(-20, 20, UNHEARD)], np.float32)
    network.get_layer(LAYER).set_weights([kernel, bias])
    heard = np.array([1] * 4 + [0] * UNHEARD, np.float32)[:, None] / 20
    network.get_layer("tumor").set_weights([heard, np.full(1, -1.0, np.float32)])
    return network


@dataclass(frozen=True)
class DarkCohort:
    """What a test is given.

    Attributes
    ----------
    bundle, patches, known : Path
        Model, patch files, and a CSV with the tint of each patch.
    """

    bundle: Path
    patches: Path
    known: Path


def write_dark_cohort(folder: Path, slides=4, each=30) -> DarkCohort:
    """A bundle, and patch files of as many patients with both labels."""
    manifest = Manifest(
        architecture="by_darkness",
        patch_size=SIZE,
        patch_mpp=MPP,
        cam_layer=LAYER,
        patients=SeenPatients.of({"train": ["p0"]}),
        software="test 1",
    )
    network = dark_network()
    write_bundle(folder / "bundle", manifest, lambda path: network.save(path), "# By darkness\n")
    lines = ["slide_id,x,y,tint"]
    for number in range(slides):
        patches, areas, tints = paint(each, np.random.default_rng(number))
        write_patch_file(
            folder / "patches",
            f"s{number}",
            patient=f"p{number}",
            labels=(areas > np.median(areas)).astype(int),
            patches=patches,
            size=SIZE,
            mpp=MPP,
        )
        lines += [
            f"s{number},{row % 4 * SIZE},{row // 4 * SIZE},{tint:.3f}"
            for row, tint in enumerate(tints)
        ]
    known = folder / "known.csv"
    known.write_text("\n".join(lines) + "\n")
    return DarkCohort(folder / "bundle", folder / "patches", known)
