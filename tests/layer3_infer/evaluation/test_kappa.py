from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from layer3_infer.evaluation.kappa import confusion, quadratic_kappa
from layer3_infer.evaluation.staging import STAGES

pairs = st.lists(st.tuples(st.sampled_from(STAGES), st.sampled_from(STAGES)), min_size=1)


def kappa(pairs):
    truth, predicted = zip(*pairs, strict=True)
    return quadratic_kappa(confusion(truth, predicted, STAGES))


def by_force(pairs):
    """Mean squared disagreement of the pairs, against that of every truth with every answer."""
    places = [(STAGES.index(t), STAGES.index(p)) for t, p in pairs]
    observed = np.mean([(t - p) ** 2 for t, p in places])
    by_chance = np.mean([(t - p) ** 2 for t, _ in places for _, p in places])
    return 1 - observed / by_chance


def varied(pairs):
    return len({stage for pair in pairs for stage in pair}) > 1


@given(pairs)
def test_kappa_is_that_of_an_independent_calculation_and_of_scikit_learn(pairs):
    assume(varied(pairs))
    truth, predicted = zip(*pairs, strict=True)

    theirs = cohen_kappa_score(truth, predicted, labels=list(STAGES), weights="quadratic")

    assert kappa(pairs) == pytest.approx(by_force(pairs), abs=1e-12)
    assert kappa(pairs) == pytest.approx(theirs, abs=1e-12)


@given(pairs)
def test_it_does_not_matter_who_is_right(pairs):
    assume(varied(pairs))

    assert kappa(pairs) == pytest.approx(kappa([(p, t) for t, p in pairs]))


@given(pairs)
def test_it_does_not_matter_which_end_is_worse(pairs):
    assume(varied(pairs))
    turned = dict(zip(STAGES, reversed(STAGES), strict=True))

    assert kappa(pairs) == pytest.approx(kappa([(turned[t], turned[p]) for t, p in pairs]))


def test_full_agreement_is_one_and_full_contradiction_is_minus_one():
    assert kappa([("pN0", "pN0"), ("pN2", "pN2")]) == 1
    assert kappa([("pN0", "pN2"), ("pN2", "pN0")]) == -1


def test_one_class_throughout_has_no_kappa():
    assert np.isnan(kappa([("pN1", "pN1")]))
    assert np.isnan(quadratic_kappa(confusion([], [], STAGES)))


@given(pairs, st.randoms(use_true_random=False))
def test_a_count_is_as_good_as_a_repetition(pairs, random):
    counts = np.array([random.randint(0, 3) for _ in pairs])
    repeated = [pair for pair, count in zip(pairs, counts, strict=True) for _ in range(count)]
    truth, predicted = zip(*pairs, strict=True)

    counted = confusion(truth, predicted, STAGES, counts.astype(float))

    assert (counted == confusion(*_unzipped(repeated), STAGES)).all()


def _unzipped(pairs):
    return [t for t, _ in pairs], [p for _, p in pairs]
