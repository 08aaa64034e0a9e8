from __future__ import annotations

import pytest

from common.config import load
from common.errors import ConfigError
from layer2_train.config import TrainSettings
from layer2_train.settings.split import SplitByPatient, SplitGiven


def split(text):
    return load(TrainSettings, overrides=[f"split={text}"]).split


def test_patients_are_split_by_share_unless_told_otherwise():
    assert load(TrainSettings).split == SplitByPatient(valid=0.2, test=0.2, seed=0)


def test_patients_may_be_named_and_files_may_say_themselves():
    assert split("{valid: [p1, p2], test: 0}") == SplitByPatient(valid=("p1", "p2"), test=0.0)
    assert split("{by: given}") == SplitGiven(by="given")


def test_shares_leave_something_to_train_on():
    with pytest.raises(ConfigError, match=r"expected shares below 1 together, got 1\.0"):
        split("{valid: 0.5, test: 0.5}")


def test_a_patient_is_named_for_one_side():
    with pytest.raises(ConfigError, match=r"expected a patient in one, got \['p2'\] in both"):
        split("{valid: [p1, p2], test: [p2]}")


def test_files_that_say_themselves_take_no_shares():
    with pytest.raises(ConfigError, match=r"split\.valid: no such key"):
        split("{by: given, valid: 0.2}")
