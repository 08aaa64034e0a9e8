from __future__ import annotations

from pathlib import Path

from common.errors import ContractError
from layer3_infer.slide_model import said
from layer3_infer.slide_model.applying import SlidePrediction


def test_a_training_tells_counts_figures_and_what_was_left_out(trained):
    found = said.of_training(trained[1], {"x": "nothing is known of it"}, Path("m.json"))

    assert "24 slides: 6 negative, 6 itc, 6 micro, 6 macro" in found.text
    assert "on patients held out, in 3 folds: AUC 0.9" in found.text
    assert "left out x: nothing is known of it" in found.text
    assert found.data["sha256"] == trained[1].sha256


def test_figures_that_are_not_defined_are_said_to_be(trained):
    nothing = {"value": None, "low": None, "high": None}
    figures = trained[1].cross_validation | {"auc_of_maximum": nothing}
    made = trained[1].model_copy(update={"cross_validation": figures})

    text = said.of_training(made, {}, Path("m.json")).text

    assert "of the highest probability alone not defined" in text


def test_predictions_tell_the_class_of_each_slide_and_the_gravest_error():
    predictions = [
        SlidePrediction("a", "p", 0.75, "macro", ""),
        SlidePrediction("b", "p", 0.25, "negative", "valid"),
        SlidePrediction("c", "", None, "", "", "it failed"),
    ]
    error = ContractError("c", "format", "x", "y")

    found = said.of_predictions(predictions, [error], Path("t.csv"))

    assert found.text.splitlines() == [
        "3 slides: 1 macro, 1 negative",
        "  a: macro, P(tumour) 0.750",
        "  b: negative, P(tumour) 0.250 (flattering: seen in training)",
        "  c: no score: it failed",
        "written to t.csv",
    ]
    assert found.exit_status == 4
    assert "none with a score" in said.of_predictions(predictions[2:], [], Path("t.csv")).text
