"""A bundle whose network answers by colour alone; unless asked otherwise, green is tumour."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from common.model_bundle import Manifest, SeenPatients, write_bundle
from common.preprocessing import Preprocessing
from common.stain.macenko import HEStains

GREEN = (40, 170, 60)
PINK = (225, 130, 180)
STEEPNESS = 40.0


@dataclass(frozen=True)
class Colour:
    """What a network answers by: the mean of what lies above 0 of a sum over red, green and blue.

    Attributes
    ----------
    weights : (red, green, blue)
        Of channels from 0 to 1.
    start, middle : float
        Added to the sum; the mean of which the answer is one half.
    """

    weights: tuple[float, float, float]
    start: float
    middle: float

    def answer(self, patch):
        """The probability of one patch, (S, S, 3) uint8, without a network."""
        above = np.maximum(patch / 255 @ np.array(self.weights) + self.start, 0)
        return 1 / (1 + np.exp(STEEPNESS * (self.middle - above.mean())))


GREENNESS = Colour((-0.5, 1.0, -0.5), 0.0, 0.25)
STAIN = Colour((-1.0, 0.0, 0.0), 1.0, 0.3)
"""How much red is missing: the stain of nuclei."""


def colour_network(size: int, colour: Colour = GREENNESS) -> keras.Model:
    """(B, size, size, 3), 0 to 255 -> probability: how much of a colour there is, on the mean."""
    pixels = keras.Input((size, size, 3))
    scaled = keras.layers.Rescaling(1 / 255)(pixels)
    green = keras.layers.Conv2D(1, 1, activation="relu", name="greenness")(scaled)
    mean = keras.layers.GlobalAveragePooling2D()(green)
    answer = keras.layers.Dense(1, activation="sigmoid", name="answer")(mean)
    network = keras.Model(pixels, answer)
    kernel = np.array(colour.weights, np.float32).reshape(1, 1, 3, 1)
    network.get_layer("greenness").set_weights([kernel, np.full(1, colour.start, np.float32)])
    bias = np.full(1, -STEEPNESS * colour.middle, np.float32)
    network.get_layer("answer").set_weights([np.full((1, 1), STEEPNESS, np.float32), bias])
    return network


def write_colour_bundle(
    path: Path, size=32, mpp=0.5, slides=None, patients=None, colour=GREENNESS, **more
):
    """A bundle with that network."""
    manifest = Manifest(
        architecture="by_colour",
        patch_size=size,
        patch_mpp=mpp,
        cam_layer="greenness",
        slides=slides or {},
        patients=SeenPatients.of(patients or {}),
        metrics={"valid": {"n": 8, "auc": {"value": 0.9, "low": 0.8, "high": None}}},
        software="test 1",
        **more,
    )
    network = colour_network(size, colour)
    return write_bundle(path, manifest, lambda p: network.save(p), "# By colour\n")


def green_stain(patches=16):
    """A preprocessing that makes whatever is stained twice green."""
    target = HEStains(haematoxylin=(0.7, 0.05, 0.7), eosin=(0.65, 0.1, 0.75), strength=(1.5, 0.5))
    return Preprocessing(stain="macenko", patches=patches, target=target)
