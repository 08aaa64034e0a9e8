from __future__ import annotations

import json
import shutil

import pytest
from tiff_slides import asap

from common.errors import ConfigError
from layer3_infer.config import EvaluateSettings
from layer3_infer.evaluation import evaluate_folder

QUICK = EvaluateSettings(replicates=50)


@pytest.fixture
def copy(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "copy")


def test_a_model_that_is_right_everywhere_has_an_area_of_one(copy, cohort_csv):
    found = evaluate_folder(copy, cohort_csv, QUICK)

    assert found["patches"]["auc"] == {"value": 1.0, "low": 1.0, "high": 1.0}
    assert (found["patches"]["tumor"], found["patches"]["normal"]) == (16, 272)
    assert found["slides"]["auc"]["value"] == 1.0
    assert (found["slides"]["positive"], found["slides"]["negative"]) == (1, 1)
    assert found["patches"]["by_slide"]["green"]["auc"] == 1.0
    assert found["patches"]["by_slide"]["pink"]["auc"] is None


def test_what_is_written_is_what_is_returned(copy, cohort_csv):
    found = evaluate_folder(copy, cohort_csv, QUICK)

    assert json.loads((copy / "evaluation.json").read_text()) == found


def test_slides_the_model_was_trained_on_are_named(copy, cohort_csv):
    assert evaluate_folder(copy, cohort_csv, QUICK)["trained_on"] == ["pink"]


def test_slides_without_an_answer_are_left_out_and_named(copy, cohort_csv):
    assert list(evaluate_folder(copy, cohort_csv, QUICK)["left_out"]) == ["glass"]


def test_patches_that_are_neither_are_left_out_and_counted(copy, tmp_path):
    folder = tmp_path / "annotations"
    folder.mkdir()
    (folder / "green.xml").write_text(asap([[(330, 192), (448, 192), (448, 320), (330, 320)]]))
    (folder / "other.xml").write_text(asap([[(0, 0), (9, 0), (9, 9)]]))

    found = evaluate_folder(copy, folder, EvaluateSettings(tumor_min=0.9, replicates=50))

    assert found["patches"]["left_out"] == 4
    assert found["patches"]["tumor"] == 12
    assert found["slides"]["auc"]["value"] is None
    assert found["left_out"] == {
        "glass": "nothing is known of it",
        "pink": "nothing is known of it",
        "other": "no heatmap",
    }


def test_a_cohort_with_no_slide_in_common_is_refused(copy, tmp_path):
    folder = tmp_path / "annotations"
    folder.mkdir()
    (folder / "other.xml").write_text(asap([[(0, 0), (9, 0), (9, 9)]]))

    with pytest.raises(ConfigError, match="found none in common"):
        evaluate_folder(copy, folder, QUICK)

    assert not (copy / "evaluation.json").exists()
