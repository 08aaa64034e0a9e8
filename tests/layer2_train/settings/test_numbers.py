from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from layer2_train.settings import numbers

ALLOWED = {
    "Rate": ((1e-9, 10), (0, 10.1)),
    "Fraction": ((0, 0.999), (-0.1, 1)),
    "Probability": ((0.001, 0.999), (0, 1)),
    "Count": ((1, 10**9), (0, -1)),
    "Weight": ((1e-9, 100), (0, -1)),
}


@pytest.mark.parametrize("name", ALLOWED)
def test_a_number_stays_in_its_range(name):
    kind = TypeAdapter(getattr(numbers, name))
    inside, outside = ALLOWED[name]

    assert [kind.validate_python(number) for number in inside] == list(inside)
    for number in outside:
        with pytest.raises(ValidationError):
            kind.validate_python(number)
