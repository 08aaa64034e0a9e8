from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from slide_predictions import write_predictions
from staged_results import values_of, write_results

from common.outcomes import write_outcome
from layer3_infer.prediction_record import misfit
from layer3_infer.results_folder import ResultsFolder
from layer3_infer.run_claim import read_run
from layer3_infer.slide_result import read_results

RNG = np.random.default_rng(0)
SLIDES = {name: ("p", "", values_of("macro", RNG)) for name in ("a", "b")}


@pytest.fixture
def folder(tmp_path):
    write_results(tmp_path, SLIDES)
    write_predictions(tmp_path, "slide_id,score\na,0.5\nb,0.5\n")
    return tmp_path


def problem(folder):
    return misfit(ResultsFolder(folder), read_run(folder), read_results(folder))


def test_a_table_of_the_heatmaps_there_now_fits(folder):
    assert problem(folder) == ""
    record = json.loads((folder / "slide_predictions.json").read_text())
    assert set(record["slides"]) == {"a", "b"}
    assert set(record["slides"]["a"]) == {"patient", "heatmap_sha256"}


def test_no_table_is_no_misfit(tmp_path):
    write_results(tmp_path, SLIDES)

    assert problem(tmp_path) == ""


@pytest.mark.parametrize("content", [None, "{", "[]"])
def test_a_table_nothing_is_recorded_of_does_not_fit(folder, content):
    record = folder / "slide_predictions.json"
    record.unlink() if content is None else record.write_text(content)

    assert problem(folder) == "no slide_predictions.json says which heatmaps it was made from"


def test_a_table_somebody_changed_does_not_fit(folder):
    (folder / "slide_predictions.csv").write_text("slide_id,score\na,0.9\n")

    assert problem(folder) == "it is not as layer3-infer slide-model apply wrote it"


@pytest.mark.parametrize("key", ["model_sha256", "config_sha256"])
def test_a_table_of_another_models_heatmaps_does_not_fit(folder, key):
    write_results(folder, SLIDES, **{key: "c" * 64})

    assert "another model or configuration" in problem(folder)


def test_a_table_of_other_heatmaps_of_the_same_model_does_not_fit(folder):
    result = read_results(folder)[1]
    inputs = {**result.inputs, "heatmap_sha256": "e" * 64}
    write_outcome(folder, replace(result, inputs=inputs))

    assert problem(folder) == "the heatmap or the patient of b is another now"


def test_a_table_made_before_a_patient_was_known_does_not_fit(folder):
    write_results(folder, {**SLIDES, "b": ("q", "", SLIDES["b"][2])})

    assert problem(folder) == "the heatmap or the patient of b is another now"


def test_a_table_of_fewer_or_more_slides_does_not_fit(folder):
    write_results(folder, {**SLIDES, "c": SLIDES["a"]})
    assert problem(folder) == "it says nothing of c"

    for name in ("a", "c"):
        (folder / "outcomes" / f"{name}.json").unlink()
    assert problem(folder) == "slides it tells of have no result now"
