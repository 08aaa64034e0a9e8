"""The two commands, as a user types them."""

from __future__ import annotations

import json

from click.testing import CliRunner
from staged_results import stage_slides, write_results

from layer3_infer.cli import cli


def invoke(*words):
    return CliRunner().invoke(cli, ["slide-model", *(str(word) for word in words)])


def test_a_slide_model_is_trained_and_applied(staged, tmp_path):
    file = tmp_path / "model.json"
    slides = {f"new_{name}": one for name, one in stage_slides(2, seed=9)[0].items()}
    new = write_results(tmp_path / "new", slides)

    trained = invoke("train", staged[0], "--annotations", staged[1], "--out", file, "--set",
                     "folds=2", "--set", "replicates=20", "--json")  # fmt: skip
    applied = invoke("apply", new, "--slide-model", file)

    assert trained.exit_code == 0, trained.output
    assert json.loads(trained.stdout)["counts"] == {"negative": 6, "itc": 6, "micro": 6, "macro": 6}
    assert applied.exit_code == 0, applied.output
    assert "new_p0_macro: macro" in applied.stdout
    assert len((new / "slide_predictions.csv").read_text().splitlines()) == 9


def test_too_few_patients_end_with_status_2_and_no_file(staged, tmp_path):
    found = invoke("train", staged[0], "--annotations", staged[1], "--out", tmp_path / "m.json",
                   "--set", "folds=7")  # fmt: skip

    assert isinstance(found.exception, Exception)
    assert found.exception.exit_status == 2
    assert "at least 7 patients of each class" in str(found.exception)
    assert not (tmp_path / "m.json").exists()
