from __future__ import annotations

import json
import shutil

import pytest
from slide_predictions import write_predictions

from common.errors import ConfigError
from layer3_infer.report.recorded import Recorded, read_json, read_table
from layer3_infer.slide_result import MADE_WITH


def test_everything_a_run_recorded_is_there(finished):
    recorded = Recorded.of(finished)

    assert [result.slide_id for result in recorded.results] == ["glass", "green", "pink"]
    assert recorded.run["command"] == "heatmap"
    assert recorded.model["architecture"] == "by_colour"
    assert "tissue.method" in recorded.config
    assert recorded.missing == []
    assert recorded.evaluation == {}
    assert not recorded.evaluation_is_of_this_model


def test_what_a_slide_model_says_is_by_slide(finished, tmp_path):
    copy = shutil.copytree(finished, tmp_path / "copy")
    write_predictions(copy, "slide_id,patient,score,class\ngreen,p1,0.9,macro\n")

    assert Recorded.of(copy).predictions["green"]["class"] == "macro"


def test_what_a_slide_model_said_of_other_heatmaps_is_not_taken(finished, tmp_path, caplog):
    copy = shutil.copytree(finished, tmp_path / "copy")
    write_predictions(copy, "slide_id,patient,score,class\ngreen,p1,0.9,macro\n")
    (copy / "slide_predictions.json").unlink()

    recorded = Recorded.of(copy)

    assert recorded.predictions == {}
    assert "no slide_predictions.json says" in recorded.predictions_problem
    assert "slide_predictions.csv is ignored: no slide_predictions.json" in caplog.text


def test_a_comparison_counts_if_model_and_configuration_are_those_of_the_run(finished, tmp_path):
    copy = shutil.copytree(finished, tmp_path / "copy")
    run = json.loads((copy / "run.json").read_text())
    made = {key: run[key] for key in MADE_WITH}
    (copy / "evaluation.json").write_text(json.dumps(made))

    assert Recorded.of(copy).evaluation_is_of_this_model


def test_slides_and_patients_that_only_the_comparison_names_are_known(finished, tmp_path):
    copy = shutil.copytree(finished, tmp_path / "copy")
    told = {
        "left_out": {"a": "why"},
        "without_heatmap": ["b"],
        "patches": {"by_slide": {"c": {}}},
        "stages": {"by_patient": {"p9": {"said": "pN0"}}},
    }
    (copy / "evaluation.json").write_text(json.dumps(told))

    recorded = Recorded.of(copy)

    assert recorded.other_slides == {"a", "b", "c"}
    assert list(recorded.staged) == ["p9"]


def test_a_broken_file_is_named(tmp_path):
    (tmp_path / "a.json").write_text("{")
    (tmp_path / "a.csv").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(ConfigError, match=r"a\.json: expected JSON"):
        read_json(tmp_path / "a.json")
    with pytest.raises(ConfigError, match=r"a\.csv: expected CSV"):
        read_table(tmp_path / "a.csv")


def test_what_is_not_there_is_empty(tmp_path):
    assert read_json(tmp_path / "a.json") == {}
    assert read_table(tmp_path / "a.csv") == []
    with pytest.raises(ConfigError, match="Run it first"):
        Recorded.of(tmp_path)
