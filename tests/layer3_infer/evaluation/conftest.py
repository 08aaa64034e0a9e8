"""A cohort of three patients with lesions of every class, and heatmaps that are right about it."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from heatmap_headers import HEADER
from tiff_slides import asap

from common.grid import Grid
from common.outcomes import write_outcome
from layer3_infer.heatmap import Heatmap
from layer3_infer.heatmap_file import write_heatmap
from layer3_infer.results_folder import ResultsFolder
from layer3_infer.slide_result import SlideResult
from layer3_infer.slide_score import slide_scores

EDGE, MPP = 64, 1.0
MADE_WITH = {
    "model_sha256": HEADER.model_sha256,
    "config_sha256": HEADER.config_sha256,
    "preprocessing_sha256": "b" * 64,
    "threshold": "0.5",
}

SIDE = 40
"""Patches along the edge of a slide, 64 um each at 1 um/px."""

SIZES = {"negative": 0, "itc": 1, "micro": 5, "macro": 24}
"""Patches along the edge of the lesion of each class."""

SLIDES = {
    "a_0": ("a", "macro"),
    "a_1": ("a", "negative"),
    "b_0": ("b", "micro"),
    "b_1": ("b", "itc"),
    "c_0": ("c", "negative"),
    "c_1": ("c", "negative"),
}


def values_of(name):
    """(40, 40) float32: 0.9 where the class has its lesion, 0.01 beside it, a row not analysed."""
    values = np.full((SIDE, SIDE), 0.01, np.float32)
    values[0] = np.nan
    values[4 : 4 + SIZES[name], 4 : 4 + SIZES[name]] = 0.9
    return values


def write_known(folder, slides=SLIDES, labels=True):
    """A cohort CSV with annotations, of slides that are not there."""
    folder.mkdir(exist_ok=True)
    rows = ["slide_id,path,patient,slide_label,mpp,annotation"]
    for slide_id, (patient, name) in slides.items():
        xml = ""
        if SIZES[name]:
            xml = f"{slide_id}.xml"
            low, high = 4 * EDGE, (4 + SIZES[name]) * EDGE
            outline = [(low, low), (high, low), (high, high), (low, high)]
            (folder / xml).write_text(asap([outline]))
        label = name if labels or name == "negative" else ""
        rows.append(f"{slide_id},{slide_id}.tif,{patient},{label},1.0,{xml}")
    (folder / "cohort.csv").write_text("\n".join([*rows, ""]))
    return folder / "cohort.csv"


def write_heatmaps(folder, slides):
    """What a run leaves of slides: id to patient, split seen in, and class or values."""
    folder.mkdir()
    (folder / "run.json").write_text(json.dumps(MADE_WITH))
    for slide_id, (patient, seen, what) in slides.items():
        values = values_of(what) if isinstance(what, str) else what
        heatmap = Heatmap(Grid((0, 0), EDGE, EDGE, *values.shape), values)
        header = dataclasses.replace(HEADER, slide_id=slide_id, level0_mpp=MPP, seen_in_split=seen)
        write_heatmap(ResultsFolder(folder).heatmap(slide_id), header, heatmap)
        scores = slide_scores(heatmap, MPP, 0.5)
        known = {"patient": patient, "scores": scores, "seen_in_split": seen}
        write_outcome(folder, SlideResult(slide_id, "done", inputs=MADE_WITH, **known))
    return folder


@pytest.fixture
def known(tmp_path):
    return write_known(tmp_path / "known")


@pytest.fixture
def right(tmp_path):
    """Results of a model that is right everywhere."""
    slides = {slide_id: (patient, "", name) for slide_id, (patient, name) in SLIDES.items()}
    return write_heatmaps(tmp_path / "results", slides)


@pytest.fixture
def make_known(tmp_path):
    """Write the cohort with other slides: id to patient and class."""

    def make(slides, **more):
        return write_known(tmp_path / "known", slides, **more)

    return make


@pytest.fixture
def make_results(tmp_path):
    """Write results of slides: id to patient, split seen in, and class or values."""

    def make(slides):
        return write_heatmaps(tmp_path / "results", slides)

    return make
