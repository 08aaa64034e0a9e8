from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layer2_train.wording import basis, counted, probability, rate


def test_a_rate_without_interval_or_value_says_so():
    assert rate({"value": 0.5, "low": None, "high": None}) == "0.500"
    assert rate({"value": None, "low": None, "high": None}) == "undefined"
    assert rate({"value": 0.5, "low": 0.25, "high": 1.0}) == "0.500 (0.250 to 1.000)"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.0, "0"),
        (1e-9, "1e-09"),
        (0.5, "0.5"),
        (0.99994, "0.9999"),
        (0.99996, "0.99996"),
        (float(np.nextafter(np.float32(1), np.float32(0))), "0.9999999"),
        (1.0, "1"),
        (float(np.nextafter(np.float32(1), np.float32(2))), "1.0000001"),
    ],
)
def test_a_probability_near_an_end_is_not_said_to_be_at_it(value, said):
    assert probability(value) == said


@given(st.floats(0, 2))
def test_only_ends_read_as_ends(value):
    assert (float(probability(value)) == 1) == (value == 1)
    assert (float(probability(value)) == 0) == (value == 0)


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        (1, "no intervals: all patches are of 1 patient"),
        (2, "95 % intervals over 2 patients: too few to rely on"),
        (4, "95 % intervals over 4 patients: too few to rely on"),
        (5, "95 % intervals over 5 patients"),
    ],
)
def test_intervals_over_few_patients_say_so(groups, said):
    assert basis(groups, "patients") == said


def test_groups_of_several_kinds_are_counted_together():
    assert counted(7, "patients and slides") == "7 patients and slides"
