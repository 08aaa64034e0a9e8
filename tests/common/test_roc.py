from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score
from sklearn.metrics import roc_curve as reference_curve

from common.roc import auc, auc_interval, interval, percentiles, roc_curve

cases = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([0.0, 0.1, 0.5, 0.7, 1.0]), st.integers(0, 3)),
    min_size=2,
    max_size=60,
).filter(lambda rows: len({label for label, _, count in rows if count}) == 2)


@given(rows=cases)
def test_the_area_is_that_of_a_reference_with_ties_and_weights(rows):
    labels, scores, counts = (np.array(column) for column in zip(*rows, strict=True))

    found = auc(labels, scores, counts.astype(float))

    assert found == pytest.approx(roc_auc_score(labels, scores, sample_weight=counts))


@given(rows=cases)
def test_the_area_under_the_curve_is_the_area(rows):
    labels, scores, _ = (np.array(column) for column in zip(*rows, strict=True))
    if len(set(labels)) < 2:
        return

    false_rate, true_rate = roc_curve(labels, scores)

    assert np.trapezoid(true_rate, false_rate) == pytest.approx(auc(labels, scores))
    reference = reference_curve(labels, scores, drop_intermediate=False)
    assert false_rate == pytest.approx(reference[0])


def test_one_class_alone_has_no_area():
    assert np.isnan(auc(np.array([1, 1]), np.array([0.1, 0.2])))


def test_the_interval_holds_the_value_and_widens_with_fewer_patients():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 4000).astype(np.int8)
    scores = (labels + rng.normal(0, 1, 4000)).astype(np.float32)

    many = auc_interval(labels, scores, np.arange(4000) % 400)
    few = auc_interval(labels, scores, np.arange(4000) % 8)

    assert many["low"] < many["value"] < many["high"]
    assert many["value"] == few["value"]


def test_patches_of_one_patient_are_drawn_together():
    mean = interval(
        lambda counts: float((counts * [0, 0, 1, 1]).sum() / counts.sum()), list("aabb")
    )

    assert (mean["low"], mean["high"]) == (0.0, 1.0)


def test_one_patient_gives_no_interval():
    assert auc_interval(np.array([0, 1]), np.array([0.1, 0.9]), np.array(["a", "a"])) == {
        "value": 1.0,
        "low": None,
        "high": None,
    }


def test_two_patients_of_one_class_each_give_no_interval():
    """Half of the resamples hold one class only; the others are all the same two patients."""
    found = auc_interval(np.array([0, 1]), np.array([0.1, 0.9]), np.array(["a", "b"]))

    assert found == {"value": 1.0, "low": None, "high": None}


@pytest.mark.parametrize(("undefined", "there"), [(20, True), (21, False)])
def test_an_interval_needs_four_fifths_of_the_resamples(undefined, there):
    sampled = np.arange(100.0)
    sampled[:undefined] = np.nan

    assert np.isfinite(percentiles(sampled)).all() == there


def test_equal_seeds_give_equal_intervals():
    labels, scores = np.array([0, 1, 0, 1, 1]), np.array([0.1, 0.4, 0.5, 0.3, 0.9])
    groups = np.arange(5)

    assert auc_interval(labels, scores, groups) == auc_interval(labels, scores, groups)
