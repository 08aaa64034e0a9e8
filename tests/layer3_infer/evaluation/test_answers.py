from __future__ import annotations

import json

import pytest
from slide_predictions import write_predictions

from common.errors import ConfigError, ContractError
from layer3_infer.evaluation.answers import Given, read_answers


def test_a_folder_of_results_answers_with_its_heatmaps(right):
    found = read_answers(right, Given())

    assert found.slide_ids == {"a_0", "a_1", "b_0", "b_1", "c_0", "c_1"}
    assert found.sources == {"detections": "heatmaps", "scores": "maximum", "stages": "heatmaps"}
    assert found.score_of("a_0") == pytest.approx(0.9)
    assert found.heatmap_of("a_0").header.slide_id == "a_0"
    assert found.detections_of("a_0") is None


def test_tables_go_before_heatmaps(right, tmp_path):
    (tmp_path / "scores.csv").write_text("a_0,5\nx,7\n")

    found = read_answers(right, Given(scores=tmp_path / "scores.csv"))

    assert [found.score_of(name) for name in ("a_0", "a_1", "x")] == [5, None, 7]
    assert found.sources["scores"].endswith("scores.csv")
    assert "x" in found.slide_ids


def test_a_table_stages_patients_and_heatmaps_alone_stage_none(right, tmp_path):
    (tmp_path / "stages.csv").write_text("patient,stage\na.zip,pN1\na_0.tif,macro\n")

    assert read_answers(right, Given()).staged == {}
    assert read_answers(right, Given(stages=tmp_path / "stages.csv")).staged == {"a": "pN1"}


def test_a_folder_of_nothing_answers_nothing(tmp_path):
    found = read_answers(tmp_path / "none", Given())

    assert found.slide_ids == set()
    assert found.heatmap_of("a") is None
    assert found.score_of("a") is None


def test_the_threshold_is_the_one_given_or_the_runs_or_a_half(right):
    assert read_answers(right, Given()).threshold(0.2) == 0.2
    assert read_answers(right, Given()).threshold(None) == 0.5
    run = json.loads((right / "run.json").read_text())
    (right / "run.json").write_text(json.dumps({**run, "threshold": 0.7}))
    assert read_answers(right, Given()).threshold(None) == 0.7


def test_what_a_slide_model_was_trained_on_is_remembered(right):
    write_predictions(right, "slide_id,patient,score,class,seen_in_split\na_0,a,0.9,macro,train\n")

    found = read_answers(right, Given())

    assert [found.trained_on(name) for name in ("a_0", "a_1")] == [True, False]
    assert found.stages.slides == {"a_0": "macro"}


def test_what_a_slide_model_said_of_other_heatmaps_is_ignored_with_the_reason(right, caplog):
    write_predictions(right, "slide_id,patient,score,class\na_0,a,0.9,macro\n")
    run = json.loads((right / "run.json").read_text())
    (right / "run.json").write_text(json.dumps({**run, "model_sha256": "e" * 64}))

    found = read_answers(right, Given())

    assert found.sources["stages"] == "heatmaps"
    assert (found.predictions.scores, found.stages) == ({}, None)
    assert "slide_predictions.csv is ignored: it was made from heatmaps of another" in caplog.text


def test_a_table_that_cannot_be_read_is_refused_at_once(right, tmp_path):
    (tmp_path / "bad.csv").write_text("patient,stage\na,pN9\n")
    (tmp_path / "empty").mkdir()

    with pytest.raises(ContractError, match="line 2: stage"):
        read_answers(right, Given(stages=tmp_path / "bad.csv"))
    with pytest.raises(ConfigError, match="a CSV of detections per slide"):
        read_answers(right, Given(detections=tmp_path / "empty"))
