"""Slide models of every version ever released stay readable, and answer as they did."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from make_slide_model_archive import main as make_archive

from common.grid import Grid
from layer3_infer.heatmap import Heatmap
from layer3_infer.slide_features import slide_features
from layer3_infer.slide_model.model_file import FORMAT_VERSION, read_slide_model

ARCHIVES = Path(__file__).parent / "archives" / "slide_model"
SAMPLES = sorted(ARCHIVES.glob("v*/*.json"))
SCORE = 0.313845094959
"""P(tumour) of the slide below, also by the rules of the specification, written out here."""


def features_of_a_slide():
    values = np.array([[0.1, 0.8, 0.9], [np.nan, 0.6, 0.2]], np.float32)
    return slide_features(Heatmap(Grid((0, 0), 100, 100, 2, 3), values), 0.5, [0.5])


def test_there_is_a_sample_of_the_first_version_and_of_this_one():
    assert ARCHIVES / "v1.0" / "sample.json" in SAMPLES
    assert ARCHIVES / f"v{FORMAT_VERSION}" / "sample.json" in SAMPLES


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.parent.name)
def test_an_archived_slide_model_answers_as_it_did(path):
    made = read_slide_model(path)
    slide = features_of_a_slide()

    assert f"v{made.format_version}" == path.parent.name
    assert made.model.probabilities([slide])[0, 1] == pytest.approx(SCORE, rel=1e-6)
    assert made.seen("c" * 64, "")
    assert made.seen("", "patient_001")
    assert (made.heatmaps.patch_um, made.heatmaps.stride_um) == (96.0, 48.0)


def test_the_answer_follows_from_the_specification_alone():
    slide = features_of_a_slide()
    steps = np.arange(len(slide))
    spanning = ("regions", "largest_area_um2", "longest_um")
    values = [
        np.log(1 + value) if name.startswith(spanning) else value for name, value in slide.items()
    ]
    logit = float(np.cos(steps) / 4 @ ((values - steps / 10) / (1 + steps / 4))) - 0.5

    assert 1 / (1 + np.exp(-logit)) == pytest.approx(SCORE, rel=1e-6)


def test_the_program_that_wrote_the_sample_still_can(tmp_path):
    make_archive(tmp_path / "sample")

    assert read_slide_model(tmp_path / "sample" / "sample.json").counts["positive"] == 6
