"""One folder of results with stages to tell apart, and a slide model of it."""

from __future__ import annotations

import pytest
from staged_results import stage_slides, write_cohort, write_results

from layer3_infer.config import SlideModelSettings
from layer3_infer.slide_model.training import train_slide_model

SETTINGS = SlideModelSettings(folds=3, replicates=20)


@pytest.fixture(scope="session")
def staged(tmp_path_factory):
    """A folder of results, and the cohort CSV that knows the stages; tests leave them as is."""
    slides, labels = stage_slides()
    folder = tmp_path_factory.mktemp("staged")
    cohort = write_cohort(folder / "cohort.csv", labels)
    return write_results(folder / "out", slides), cohort


@pytest.fixture(scope="session")
def trained(staged, tmp_path_factory):
    """The slide model's file and its value."""
    path = tmp_path_factory.mktemp("slide_model") / "model.json"
    made, left_out = train_slide_model([staged[0]], staged[1], path, SETTINGS)
    assert left_out == {}
    return path, made
