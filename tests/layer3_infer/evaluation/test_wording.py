from __future__ import annotations

import pytest

from layer3_infer.evaluation.wording import worded


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ({"value": 0.9, "low": 0.8, "high": 1.0}, "0.900 (95 % interval 0.800 to 1.000, over x)"),
        ({"value": 0.9, "low": None, "reason": "one patient"}, "0.900 (one patient)"),
        ({"value": None, "low": None, "reason": "no lesion"}, "not defined (no lesion)"),
    ],
)
def test_a_number_is_told_with_its_interval_or_why_there_is_none(found, words):
    assert worded(found, "x") == words
