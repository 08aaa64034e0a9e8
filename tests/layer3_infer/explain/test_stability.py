from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from layer3_infer.explain.stability import overlap_of_strongest, rank_correlation, stability


@pytest.mark.parametrize("seed", range(5))
def test_the_rank_correlation_is_that_of_scipy_ties_included(seed):
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, 6, (2, 40)).astype(float)

    assert rank_correlation(a, b) == pytest.approx(spearmanr(a, b).statistic)


def test_what_never_changes_is_like_itself_and_like_nothing_else():
    flat, rising = np.ones(4), np.arange(4.0)

    assert rank_correlation(flat, 2 * flat) == 1
    assert rank_correlation(flat, rising) == 0


def test_the_strongest_are_compared_as_sets():
    a = np.array([9.0, 8, 1, 0, 0, 0, 0, 0, 0, 0])
    b = np.array([8.0, 0, 1, 9, 0, 0, 0, 0, 0, 0])

    assert overlap_of_strongest(a, b) == 1 / 3
    assert overlap_of_strongest(a, 2 * a) == 1


def test_equal_repeats_are_stable_and_opposite_ones_are_not():
    weights = np.arange(10.0)

    assert stability(np.stack([weights] * 3)) == {
        "rank_correlation": pytest.approx(1),
        "overlap_of_strongest": 1,
    }
    assert stability(np.stack([weights, -weights]))["rank_correlation"] == pytest.approx(-1)
    assert stability(np.stack([weights, -weights]))["overlap_of_strongest"] == 0


def test_a_single_repeat_says_nothing():
    assert stability(np.ones((1, 5))) == {}
