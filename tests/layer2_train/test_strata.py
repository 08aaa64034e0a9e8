from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layer2_train.settings.data import BalanceSettings
from layer2_train.strata import Stratum, split_by_weight, strata

COUNTS = {(0, "a"): 60, (0, "b"): 20, (1, "a"): 10, (1, "b"): 0, (1, ""): 10}


def balanced(**settings):
    return strata(COUNTS, BalanceSettings.model_validate(settings))


def quotas(**settings):
    return {one.name: one.quota for one in balanced(**settings)}


def test_what_stays_as_it_is_is_one_stratum():
    assert balanced() == (Stratum("patches", 100, 100),)


def test_balanced_classes_are_shown_equally_often():
    assert balanced(classes="balanced") == (
        Stratum("normal patches", 80, 50),
        Stratum("tumor patches", 20, 50),
    )


def test_classes_are_shown_in_the_shares_asked_for():
    weights = {"normal": 3, "tumor": 1}

    assert quotas(classes=weights) == {"normal patches": 75, "tumor patches": 25}


def test_centres_are_balanced_within_each_class():
    assert quotas(centres="balanced") == {
        "normal patches of centre a": 40,
        "normal patches of centre b": 40,
        "tumor patches of centre a": 10,
        "tumor patches of centre not known": 10,
    }


def test_classes_and_centres_are_balanced_together():
    assert set(quotas(classes="balanced", centres="balanced").values()) == {25}


def test_a_class_that_is_not_there_takes_no_share():
    found = strata({(0, "a"): 7, (1, "a"): 0}, BalanceSettings(classes="balanced"))

    assert found == (Stratum("normal patches", 7, 7),)


@given(
    total=st.integers(0, 10**9),
    weights=st.lists(st.floats(0.001, 1000), min_size=1, max_size=12),
)
def test_parts_add_up_and_are_within_one_of_their_share(total, weights):
    parts = split_by_weight(total, weights)

    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert part == pytest.approx(total * weight / sum(weights), abs=1.001)
