from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layer3_infer.explain.significance import (
    holm,
    p_above,
    p_two_sided,
    permutations_needed,
)


def test_p_counts_the_value_found_as_one_of_the_shuffled():
    null = np.arange(99.0)

    assert p_above(1000, null) == pytest.approx(0.01)
    assert p_above(98, null) == pytest.approx(0.02)
    assert p_above(-1, null) == 1
    assert p_two_sided(1000, null) == p_two_sided(-1, null) == pytest.approx(0.02)
    assert p_two_sided(49, null) == 1


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_what_rounding_alone_tells_apart_is_the_same(scale):
    found = 0.1 * scale
    null = np.array([found * (1 - 4e-16)] * 50 + [found * (1 + 4e-16)] * 50)

    assert p_above(found, null) == p_two_sided(found, null) == 1


def test_under_no_effect_p_is_small_no_more_often_than_it_says():
    rng = np.random.default_rng(0)
    found = [p_two_sided(float(rng.normal()), rng.normal(size=199)) for _ in range(2000)]

    assert np.mean(np.array(found) <= 0.05) == pytest.approx(0.05, abs=0.015)


@given(st.lists(st.floats(0, 1), max_size=8))
def test_corrected_p_values_keep_their_order_and_lie_between_p_and_bonferronis(p_values):
    corrected = holm(p_values)

    assert all(
        min(1, p) <= c <= min(1, len(p_values) * p)
        for p, c in zip(p_values, corrected, strict=True)
    )
    pairs = sorted(zip(p_values, corrected, strict=True))
    assert [c for _, c in pairs] == sorted(c for _, c in pairs)


def test_with_the_shuffles_needed_the_best_result_passes_the_correction():
    tests, level = 45, 0.05
    needed = permutations_needed(tests, level)

    best = p_two_sided(1.0, np.zeros(needed))
    one_fewer = p_two_sided(1.0, np.zeros(needed - 1))

    assert holm([best] + [1.0] * (tests - 1))[0] < level
    assert holm([one_fewer] + [1.0] * (tests - 1))[0] >= level
