from __future__ import annotations

import numpy as np
import pytest

from common.model_bundle import Manifest
from common.preprocessing import Preprocessing
from layer2_train.history import Epoch
from layer2_train.metrics import metrics
from layer2_train.model_card import Facts, model_card

NONE = {"files": 0, "slides": 0, "patients": 0, "centres": 0, "normal": 0, "tumor": 0}


def facts(measured, *, config=None, ranks=1, **more):
    manifest = Manifest(
        **more,
        config=config or {},
        architecture="camnet_small",
        patch_size=96,
        patch_mpp=0.972,
        cam_layer="head_conv",
        metrics=measured,
        software="camnet 1.2.3",
    )
    some = {"files": 4, "slides": 4, "patients": 0, "centres": 2, "normal": 70, "tumor": 30}
    history = (Epoch(1, 0.5, 0.4, 0.8, 0.1, 1.0), Epoch(2, 0.5, 0.4, 0.7, 0.1, 1.0))
    counts = {"train": some, "valid": {**some, "patients": 3}, "test": NONE}
    return Facts(manifest, counts, history, "seed: 0\n", ranks)


def measured(**more):
    """What was measured on four patches."""
    labels = np.array([0, 0, 1, 1], np.int8)
    scores = np.array([0.1, 0.6, 0.4, 0.9], np.float32)
    found = metrics(labels, scores, np.arange(4), threshold=0.5, replicates=20)
    return {"valid": {**found, "intervals_over": "patches", **more}}


@pytest.fixture
def card():
    return model_card(facts(measured()))


def test_says_what_it_is_not_for_before_anything_else(card):
    assert card.splitlines()[2].startswith("Research only. Not a medical device")


def test_says_what_goes_in_and_what_it_was_made_from(card):
    assert "96 x 96 px at 0.972 um/px" in card
    assert "| train | not known | 4 | 2 | 70 | 30 |" in card
    assert "| valid | 3 | 4 | 2 | 70 | 30 |" in card
    assert "| test |" not in card
    assert "Made by camnet 1.2.3" in card
    assert "```yaml\nseed: 0\n```" in card


def test_gives_results_with_intervals_and_the_epoch_kept(card):
    assert "| valid | 4 | 0.750 (" in card
    assert "Weights of epoch 1 of 2" in card


def test_says_so_where_nothing_was_measured():
    assert "None: no patches were set aside" in model_card(facts({}))


def test_says_how_the_threshold_was_chosen_and_where():
    choice = {"rule": "sensitivity", "at": 0.95, "on": "valid"}

    card = model_card(facts(measured(threshold_choice=choice)))

    assert "tumour from a probability of 0.5 on: chosen on the patches of valid for a" in card
    assert "sensitivity of 0.95" in card
    assert "a number that was given" in model_card(facts(measured()))


def test_a_threshold_just_below_one_is_not_said_to_be_one():
    found = measured()
    found["valid"]["threshold"] = 0.99998

    assert "from a probability of 0.99998 on" in model_card(facts(found))


def test_says_over_how_many_patients_intervals_are():
    few = model_card(facts(measured(intervals_over="patients", groups=2)))

    assert "| 2 patients |" in few
    assert "An interval over fewer than 5 patients or slides is not to be relied on." in few


def test_gives_the_calibration_and_the_results_of_each_centre():
    rates = {
        name: {"value": 0.5, "low": None, "high": None}
        for name in ("auc", "sensitivity", "specificity", "balanced_accuracy")
    }

    card = model_card(facts(measured(centres={"north": {"n": 3, "groups": 1, **rates}})))

    assert "| split | expected calibration error | Brier score |" in card
    assert "| valid | north | 3 | 0.500 | 0.500 | 0.500 | 0.500 | 1 patch" in card
    assert "By centre" not in model_card(facts(measured()))


@pytest.mark.parametrize(
    ("classes", "said"),
    [
        ("natural", "as often as there were patches of each"),
        ("balanced", "shown equally often, whatever their numbers"),
        ({"normal": 1.0, "tumor": 3.0}, "shown as 1 normal to 3 tumour, whatever"),
    ],
)
def test_says_that_balanced_classes_shift_probabilities(classes, said):
    card = model_card(facts(measured(), config={"balance": {"classes": classes}}))

    assert said in card
    assert ("probabilities are shifted" in card) == (classes != "natural")


def test_says_what_was_done_to_colours_and_how_many_trained():
    card = model_card(
        facts(
            measured(),
            config={"augmentation": {"flip": True, "colour_jitter": {"hue": 0.1, "contrast": 0.0}}},
            ranks=4,
            preprocessing=Preprocessing.of("macenko", 16),
        )
    )

    assert "Stain normalisation: macenko, measured on each slide" in card
    assert "Augmentation: flip, colour jitter (hue 0.1)." in card
    assert "4 processes trained together" in card


def test_says_in_how_many_positions_a_patch_is_shown():
    four = facts(measured(), preprocessing=Preprocessing(orientations=4))

    assert "the mean over 4 positions" in model_card(four)
    assert "positions" not in model_card(facts(measured()))
