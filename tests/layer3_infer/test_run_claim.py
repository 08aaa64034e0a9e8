from __future__ import annotations

import pytest

from common.errors import ConfigError
from layer3_infer.config import ExplainSettings
from layer3_infer.run_claim import claim_run, read_run

MODEL = {"model_sha256": "a"}


def test_a_claimed_folder_says_what_made_it(tmp_path):
    claim_run(tmp_path, "explain", ExplainSettings(), MODEL, ["s"])

    record = read_run(tmp_path)
    assert (record["command"], record["model_sha256"], record["slides"]) == ("explain", "a", ["s"])
    assert record["software"]


def test_the_same_run_may_go_on(tmp_path):
    for _ in range(2):
        claim_run(tmp_path, "explain", ExplainSettings(), MODEL, [])

    assert read_run(tmp_path)["model_sha256"] == "a"


@pytest.mark.parametrize(
    ("command", "settings", "inputs", "message"),
    [
        ("heatmap", ExplainSettings(), MODEL, "command: 'explain' there, 'heatmap' here"),
        ("explain", ExplainSettings(), {"model_sha256": "b"}, "model_sha256: 'a' there, 'b' here"),
        ("explain", ExplainSettings(top=2), MODEL, "top: 6 there, 2 here"),
    ],
)
def test_a_folder_of_something_else_is_refused_by_name(
    tmp_path, command, settings, inputs, message
):
    claim_run(tmp_path, "explain", ExplainSettings(), MODEL, [])

    with pytest.raises(ConfigError, match=message):
        claim_run(tmp_path, command, settings, inputs, [])

    claim_run(tmp_path, command, settings, inputs, [], overwrite=True)
    assert read_run(tmp_path)["command"] == command


def test_a_record_that_is_no_record_is_refused(tmp_path):
    (tmp_path / "run.json").write_text("{half")

    with pytest.raises(ConfigError, match="expected the record of a run"):
        claim_run(tmp_path, "explain", ExplainSettings(), MODEL, [])


def test_a_fresh_folder_has_no_record(tmp_path):
    assert read_run(tmp_path) == {}


def test_the_slides_of_earlier_runs_stay_named_until_they_are_replaced(tmp_path):
    for slides in (["b", "a"], ["a", "c"]):
        claim_run(tmp_path, "explain", ExplainSettings(), MODEL, slides)
    assert read_run(tmp_path)["slides"] == ["a", "b", "c"]

    claim_run(tmp_path, "explain", ExplainSettings(), MODEL, ["c"], overwrite=True)
    assert read_run(tmp_path)["slides"] == ["c"]
