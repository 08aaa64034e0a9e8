from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from common.cohort import SlideEntry
from common.errors import ContractError
from common.outcomes import Outcome, write_outcome
from layer3_infer.slide_result import SlideResult, as_csv, read_result, read_results
from layer3_infer.slide_score import SlideScores

RESULT = SlideResult(
    slide_id="a",
    status="done",
    patient="p1",
    scores=SlideScores(2, 0.9, 0.8, 0.5, 0.5, 0.01),
    seen_in_split="valid",
    mpp=0.25,
    mpp_source="stated",
    warnings=("one, with comma", "two"),
)


def test_what_is_written_is_read(tmp_path):
    write_outcome(tmp_path, RESULT)

    assert read_result(tmp_path, "a") == RESULT
    assert read_results(tmp_path) == [RESULT]


def test_a_result_of_a_version_that_noted_less_is_read(tmp_path):
    write_outcome(tmp_path, RESULT)
    path = tmp_path / "outcomes" / "a.json"
    values = json.loads(path.read_text())
    del values["seen"], values["out_of_reach"]
    path.write_text(json.dumps(values))

    assert read_result(tmp_path, "a") == RESULT


def test_a_slide_without_an_outcome_has_no_result(tmp_path):
    assert read_result(tmp_path, "a") is None
    assert read_results(tmp_path) == []


def test_an_outcome_of_another_layer_is_refused(tmp_path):
    write_outcome(tmp_path, Outcome("a", "done"))

    with pytest.raises(ContractError, match="expected one of layer 3, found one without 'patient'"):
        read_result(tmp_path, "a")


def test_a_failure_keeps_what_the_cohort_says_of_the_slide():
    failed = Outcome("a", "failed", "broken", exit_status=3)

    result = SlideResult.of(failed, SlideEntry("a", Path("a.tif"), patient="p1", centre="2"))

    assert (result.patient, result.centre, result.exit_status) == ("p1", "2", 3)
    assert result.scores.analysed == 0


@pytest.mark.parametrize(
    ("split", "trained"), [("train", True), ("valid", True), ("test", False), ("", False)]
)
def test_only_splits_that_shaped_the_model_count_as_training(split, trained):
    assert SlideResult("a", "done", seen_in_split=split).trained_on is trained


def test_the_table_has_a_row_per_slide_and_leaves_the_unknown_empty():
    text = as_csv([RESULT, SlideResult("b", "failed", "no file")])

    first, second = csv.DictReader(io.StringIO(text))
    assert (first["slide_id"], first["maximum"], first["mpp"]) == ("a", "0.9", "0.25")
    assert first["warnings"] == "one, with comma; two"
    assert (second["maximum"], second["mpp"], second["reason"]) == ("", "", "no file")


def test_a_result_knows_the_run_that_made_it():
    made_with = {"model_sha256": "m", "config_sha256": "c", "preprocessing_sha256": "p"}
    result = SlideResult("a", "done", inputs={**made_with, "threshold": "0.5", "other": "f"})
    run = {**made_with, "threshold": 0.5}

    assert result.made_by({**run, "host": "h"})
    for key, other in (("model_sha256", "n"), ("preprocessing_sha256", "q"), ("threshold", 0.4)):
        assert not result.made_by({**run, key: other})
    assert not SlideResult("a", "done").made_by({})
