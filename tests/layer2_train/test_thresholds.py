from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_curve

from common.errors import ConfigError
from common.model_bundle import Manifest
from layer2_train.settings.threshold import AtSensitivity, AtSpecificity
from layer2_train.thresholds import Chosen, choose, of_bundle, refuse_without_patches

LABELS = np.array([0, 0, 0, 0, 1, 1, 1, 1], np.int8)
SCORES = np.array([0.1, 0.2, 0.3, 0.6, 0.4, 0.7, 0.8, 0.9], np.float32)

cases = st.lists(
    st.tuples(st.integers(0, 1), st.floats(0, 1, width=32)), min_size=2, max_size=60
).filter(lambda rows: len({label for label, _ in rows}) == 2)


def rates(labels, scores, threshold):
    called = scores >= np.float32(threshold)
    return called[labels == 1].mean(), (~called)[labels == 0].mean()


def columns(rows):
    labels, scores = zip(*rows, strict=True)
    return np.array(labels, np.int8), np.array(scores, np.float32)


@given(rows=cases)
def test_no_cut_has_a_higher_sum_of_rates_than_youdens(rows):
    labels, scores = columns(rows)

    chosen = choose("youden", labels, scores, "valid").value

    false_rate, true_rate, _ = roc_curve(labels, scores)
    assert sum(rates(labels, scores, chosen)) == pytest.approx(1 + (true_rate - false_rate).max())


@given(rows=cases, at=st.sampled_from([0.05, 0.5, 0.8, 0.95]))
def test_a_sensitivity_is_reached_and_none_higher_would_do(rows, at):
    labels, scores = columns(rows)

    chosen = choose(AtSensitivity(sensitivity=at), labels, scores, "valid").value

    assert rates(labels, scores, chosen)[0] >= at
    higher = scores[scores >= np.float32(chosen)].min()
    assert rates(labels, scores, np.nextafter(higher, np.float32(2)))[0] < at


@given(rows=cases, at=st.sampled_from([0.05, 0.5, 0.8, 0.95]))
def test_a_specificity_is_reached_and_none_lower_would_do(rows, at):
    labels, scores = columns(rows)

    chosen = choose(AtSpecificity(specificity=at), labels, scores, "valid").value

    assert rates(labels, scores, chosen)[1] >= at
    lower = scores[scores < np.float32(chosen)].max()
    assert rates(labels, scores, lower)[1] < at


def test_a_short_number_between_two_scores_is_taken_and_its_origin_told():
    chosen = choose(AtSpecificity(specificity=0.95), LABELS, SCORES, "valid")

    assert chosen == Chosen(0.7, "specificity", 0.95, "valid")
    assert choose(AtSensitivity(sensitivity=0.95), LABELS, SCORES, "valid").value == 0.4
    assert chosen.origin() == {"rule": "specificity", "at": 0.95, "on": "valid"}


def test_a_number_is_not_chosen():
    assert choose(0.3, LABELS, SCORES, "valid") == Chosen(0.3, "fixed", None, None)


@pytest.mark.parametrize(
    ("threshold", "normal", "tumor", "said"),
    [
        ("youden", 0, 0, "no normal and no tumor"),
        ("youden", 5, 0, "no tumor ones"),
        (AtSensitivity(sensitivity=0.9), 5, 0, "no tumor ones"),
        (AtSpecificity(specificity=0.9), 0, 5, "no normal ones"),
    ],
)
def test_a_rule_without_the_patches_it_needs_is_refused(threshold, normal, tumor, said):
    with pytest.raises(ConfigError, match=f"threshold: .* found {said}"):
        refuse_without_patches(threshold, normal=normal, tumor=tumor)


def test_what_a_rule_does_not_need_may_be_missing():
    refuse_without_patches(0.5, normal=0, tumor=0)
    refuse_without_patches(AtSensitivity(sensitivity=0.9), normal=0, tumor=1)
    refuse_without_patches("youden", normal=1, tumor=1)


def manifest(**more):
    return Manifest(architecture="a", patch_size=16, patch_mpp=1.0, cam_layer="c", **more)


def test_a_bundle_tells_the_threshold_it_was_measured_with():
    choice = {"rule": "youden", "at": None, "on": "valid"}
    own = manifest(metrics={"valid": {"threshold": 0.25, "threshold_choice": choice}})

    assert of_bundle(own) == Chosen(0.25, "youden", None, "valid")
    assert of_bundle(manifest(metrics={"test": {"threshold": 0.4}})) == Chosen(0.4)


def test_a_bundle_measured_on_nothing_has_the_threshold_it_was_given():
    assert of_bundle(manifest(config={"threshold": 0.3})) == Chosen(0.3)
    assert of_bundle(manifest(config={"threshold": "youden"})) == Chosen(0.5)
    assert of_bundle(manifest()) == Chosen(0.5)
