from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
from sklearn.preprocessing import StandardScaler

from layer3_infer.explain import rcv

RIDGE = 0.3


def data(n=120, features=8, seed=0):
    """Activations of unequal spread, gradients, and the patients of patches."""
    rng = np.random.default_rng(seed)
    activations = rng.normal(size=(n, features)) * np.geomspace(0.1, 10, features) + 3
    return activations, rng.normal(size=(n, features)), rng.integers(0, 6, n)


def unit_rcv(activations, concept, ridge):
    vector = rcv.regression(activations, ridge).vector(concept)
    length = np.linalg.norm(vector)
    return vector / length if length else vector


@pytest.mark.parametrize("features", [8, 200])
def test_the_vector_is_that_of_ridge_regression_on_standardised_features(features):
    activations, _, _ = data(60, features)
    concept = np.random.default_rng(1).normal(size=60)

    scaler = StandardScaler().fit(activations)
    ridge = Ridge(alpha=RIDGE * 60).fit(scaler.transform(activations), concept)

    vector = rcv.regression(activations, RIDGE).vector(concept)
    np.testing.assert_allclose(vector, ridge.coef_, rtol=1e-6, atol=1e-12)


def test_a_planted_direction_is_found_in_standard_deviations_of_its_features():
    activations, _, _ = data(2000)
    planted = np.array([3, 0, 0, 1, 0, 0, -0.5, 0])

    found = unit_rcv(activations, activations @ planted, 1e-6)

    expected = planted * activations.std(axis=0)
    np.testing.assert_allclose(found, expected / np.linalg.norm(expected), atol=1e-3)


def test_scaling_a_feature_and_its_reader_back_changes_no_sensitivity():
    activations, gradients, patients = data()
    concept = activations[:, [2]] + np.random.default_rng(1).normal(size=(len(activations), 1))
    fold_of = rcv.split(patients, 3, np.random.default_rng(0))
    scale = np.geomspace(0.1, 10, activations.shape[1])

    one = rcv.cross_fit(rcv.prepare(activations, gradients, fold_of, RIDGE), concept)
    other = rcv.cross_fit(
        rcv.prepare(activations * scale, gradients / scale, fold_of, RIDGE), concept
    )

    np.testing.assert_allclose(one.sensitivity, other.sensitivity)
    np.testing.assert_allclose(one.predicted, other.predicted)


def test_a_concept_that_never_changes_has_no_direction():
    activations, _, _ = data()

    assert not unit_rcv(activations, np.full(len(activations), 2.0), RIDGE).any()


def test_features_that_never_change_are_left_out():
    activations, _, _ = data()
    concept = activations[:, 0].copy()
    activations[:, 3] = 7

    found = unit_rcv(activations, concept, RIDGE)

    assert found[3] == 0
    assert np.isfinite(found).all()


def test_what_folds_say_of_held_out_patches_is_what_separate_regressions_say():
    activations, gradients, patients = data()
    concept = activations[:, 2] + np.random.default_rng(1).normal(size=len(activations))
    fold_of = rcv.split(patients, 3, np.random.default_rng(0))

    folds = rcv.prepare(activations, gradients, fold_of, RIDGE)
    held_out = rcv.cross_fit(folds, concept[:, None])

    for number in range(3):
        train, test = fold_of != number, fold_of == number
        scaler = StandardScaler().fit(activations[train])
        ridge = Ridge(alpha=RIDGE * train.sum())
        ridge.fit(scaler.transform(activations[train]), concept[train])
        predicted = ridge.predict(scaler.transform(activations[test]))
        unit = unit_rcv(activations[train], concept[train], RIDGE)
        np.testing.assert_allclose(held_out.predicted[test, 0], predicted)
        spread = activations[train].std(axis=0)
        np.testing.assert_allclose(held_out.sensitivity[test, 0], gradients[test] * spread @ unit)


def test_each_concept_is_regressed_as_if_it_were_alone():
    activations, gradients, patients = data()
    concepts = np.random.default_rng(1).normal(size=(len(activations), 3))
    fold_of = rcv.split(patients, 3, np.random.default_rng(0))
    folds = list(rcv.prepare(activations, gradients, fold_of, RIDGE))

    together = rcv.cross_fit(folds, concepts)

    for column in range(3):
        alone = rcv.cross_fit(folds, concepts[:, [column]])
        np.testing.assert_allclose(together.predicted[:, [column]], alone.predicted)
        np.testing.assert_allclose(together.sensitivity[:, [column]], alone.sensitivity)


@given(st.lists(st.integers(0, 9), min_size=2, max_size=60), st.integers(2, 6))
def test_no_patient_is_in_two_folds_and_every_fold_has_patches(patients, folds):
    groups = np.array(patients)
    names = np.unique(groups)
    if len(names) < 2:
        with pytest.raises(ValueError, match="two groups"):
            rcv.split(groups, folds, np.random.default_rng(0))
        return

    fold_of = rcv.split(groups, folds, np.random.default_rng(0))

    assert all(len(np.unique(fold_of[groups == name])) == 1 for name in names)
    assert set(fold_of.tolist()) == set(range(min(folds, len(names))))


def test_patches_drawn_anew_are_as_many_of_each_group():
    groups = np.array([0, 0, 0, 1, 1, 2])
    rows = np.array([0, 1, 2, 5])

    drawn = rcv.resampled(rows, groups, np.random.default_rng(0))

    assert np.bincount(groups[drawn]).tolist() == [3, 0, 1]
    assert set(drawn) <= set(rows)


def test_values_less_their_groups_mean_have_mean_zero_in_each_group():
    values, groups = np.arange(12.0).reshape(6, 2), np.array([0, 1, 0, 1, 1, 2])

    left = rcv.centred(values, groups)

    for group in range(3):
        np.testing.assert_allclose(left[groups == group].mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(left[0] - left[2], values[0] - values[2])


def test_r2_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    truth, predicted = rng.normal(size=(50, 2)), rng.normal(size=(50, 2)).round(1)

    r2 = rcv.r_squared(truth, predicted)

    for column in range(2):
        assert r2[column] == pytest.approx(r2_score(truth[:, column], predicted[:, column]))


def test_tcav_is_the_share_of_patches_whose_score_grows_and_half_of_those_that_do_not_care():
    sensitivity = np.array([[1.0, 0], [2, 0], [-1, 0], [0, 0]])

    assert rcv.tcav(sensitivity).tolist() == [0.625, 0.5]


def test_br_is_r2_over_the_coefficient_of_variation():
    sensitivity = np.array([1.0, 2, 3])

    assert rcv.bidirectional_relevance(0.5, sensitivity) == pytest.approx(
        0.5 * 2 / sensitivity.std()
    )
    assert rcv.bidirectional_relevance(0.5, -sensitivity) < 0
    assert rcv.bidirectional_relevance(-0.2, sensitivity) == 0


def test_br_is_not_known_where_all_sensitivities_are_equal():
    assert rcv.bidirectional_relevance(0.5, np.full(5, 0.3)) is None
    assert rcv.bidirectional_relevance(0.5, np.zeros(5)) is None


def test_scaled_br_has_one_concept_at_one_end():
    assert rcv.scaled([1.0, -4.0, None]) == [0.25, -1.0, None]
    assert rcv.scaled([0.0, None]) == [0.0, None]
