"""A folder of results as `layer3-infer heatmap` leaves it, of heatmaps that are made up."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path

import numpy as np
from heatmap_headers import HEADER

from common.config import digest, dump
from common.files import write_text
from common.grid import Grid
from common.outcomes import write_outcome
from layer3_infer.config import HeatmapSettings
from layer3_infer.heatmap import Heatmap
from layer3_infer.heatmap_file import write_heatmap
from layer3_infer.results_folder import ResultsFolder
from layer3_infer.slide_result import SlideResult
from layer3_infer.slide_score import slide_scores

EDGE = 64
SIZES = {"negative": 0, "itc": 1, "micro": 3, "macro": 9}
"""Patches along the edge of the region of each class."""


def values_of(name, rng):
    """(16, 16) float32: faint noise with a stray high patch, and a region as its class has."""
    values = rng.uniform(0, 0.3, (16, 16))
    values[tuple(rng.integers(10, 16, 2))] = rng.uniform(0.3, 0.8)
    size = SIZES.get(name, SIZES["macro"])
    values[1 : 1 + size, 1 : 1 + size] = rng.uniform(0.85, 1, (size, size))
    values[0] = np.nan
    return values.astype(np.float32)


def write_results(folder: Path, slides, settings=None, stride=EDGE, **header):
    """Results of `slides`: a mapping of slide id to patient, split seen in, and values or None.

    Keywords change the headers of the heatmaps.
    """
    settings = settings or HeatmapSettings()
    made_with = {"model_sha256": HEADER.model_sha256, "config_sha256": digest(settings)}
    made_with |= {name: header[name] for name in made_with if name in header}
    made_with |= {"preprocessing_sha256": "b" * 64}
    run = {"command": "heatmap", **made_with, "threshold": 0.5}
    write_text(folder / "run.json", json.dumps({**run, "slides": sorted(slides)}))
    write_text(folder / "config.resolved.yaml", dump(settings))
    write_text(folder / "model.json", json.dumps({"threshold": 0.5}))
    for slide_id, (patient, seen, values) in slides.items():
        found = np.full((2, 2), np.nan, np.float32) if values is None else values
        heatmap = Heatmap(Grid((0, 0), stride, EDGE, *found.shape), found)
        changes = {
            "slide_id": slide_id,
            "slide_fingerprint": hashlib.sha256(slide_id.encode()).hexdigest(),
            "seen_in_split": seen,
            **made_with,
            **header,
        }
        write_heatmap(
            ResultsFolder(folder).heatmap(slide_id),
            dataclasses.replace(HEADER, **changes),
            heatmap,
        )
        result = SlideResult(
            slide_id,
            "empty" if values is None else "done",
            "no tissue" if values is None else "",
            inputs={**made_with, "threshold": "0.5"},
            patient=patient,
            scores=slide_scores(heatmap, HEADER.level0_mpp, 0.5),
            seen_in_split=seen,
        )
        write_outcome(folder, result)
    return folder


def write_cohort(path: Path, labels):
    """A cohort CSV of slides that are not there: label by slide id."""
    rows = [f"{slide_id},{slide_id}.tif,{label}" for slide_id, label in labels.items()]
    path.write_text("\n".join(["slide_id,path,slide_label", *rows, ""]))
    return path


def stage_slides(patients=6, seed=0):
    """Slides for `write_results` and their labels: one of each class of each patient."""
    rng = np.random.default_rng(seed)
    slides, labels = {}, {}
    for number in range(patients):
        for name in SIZES:
            slide_id = f"p{number}_{name}"
            slides[slide_id] = (f"p{number}", "", values_of(name, rng))
            labels[slide_id] = name
    return slides, labels
