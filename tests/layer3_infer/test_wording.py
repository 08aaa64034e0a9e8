from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layer3_infer.wording import UNKNOWN, probability


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.9994, "0.999"),
        (0.9996, ">0.999"),
        (np.nextafter(np.float32(1), np.float32(0)), ">0.999"),
        (np.float32(1), "1.000"),
        (0.0006, "0.001"),
        (0.0004, "<0.001"),
        (5e-324, "<0.001"),
        (0.0, "0.000"),
        (0.25, "0.250"),
        (None, UNKNOWN),
    ],
)
def test_a_probability_reads_as_certain_only_where_it_is(value, text):
    assert probability(value) == text


@given(st.floats(0, 1))
def test_a_number_is_within_half_a_thousandth_and_a_bound_holds(value):
    text = probability(value)

    if text[0] in "<>":
        assert 0 < value < 0.001 if text[0] == "<" else 0.999 < value < 1
    else:
        assert abs(float(text) - value) <= 0.0005 + 1e-9
