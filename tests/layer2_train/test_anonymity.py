from __future__ import annotations

from common.config import load
from layer2_train.anonymity import without_names
from layer2_train.config import TrainSettings


def told(*overrides):
    return without_names(load(TrainSettings, overrides=overrides))


def test_patients_become_their_number():
    split = told("split.test=[patient_003]", "split.valid=[patient_001, patient_002]")["split"]

    assert split["test"] == "1 patient, by name"
    assert split["valid"] == "2 patients, by name"


def test_shares_stay_as_they_are():
    assert told("split.test=0.3")["split"]["test"] == 0.3
    assert told("split={by: given}")["split"] == {"by": "given"}


def test_the_address_of_a_server_is_not_told():
    assert told("tracking.uri='http://host'")["tracking"]["uri"] == "not told"
    assert told()["tracking"]["uri"] is None


def test_weights_are_told_by_their_name_without_the_folder():
    given = "network={name: resnet50, weights: /home/somebody/best.keras}"

    assert told(given)["network"]["weights"] == "best.keras"
