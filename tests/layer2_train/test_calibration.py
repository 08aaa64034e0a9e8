from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss

from layer2_train.bootstrap import sort_into_bins
from layer2_train.calibration import EDGES, reliability, statistics
from layer2_train.metrics import metrics

cases = st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1, width=32)), min_size=1, max_size=60)


def measured(labels, scores):
    bins = sort_into_bins(labels, scores, np.zeros(len(labels)), EDGES)
    found = statistics(bins, scores)
    return {name: float(one(bins.total()[None])[0]) for name, one in found.items()}


def listed_ece(labels, scores):
    """The definition, a bin at a time."""
    member = np.searchsorted(EDGES, scores.astype(float), side="right")
    gaps = [
        (member == b).sum()
        * abs(scores[member == b].mean(dtype=float) - labels[member == b].mean())
        for b in np.unique(member)
    ]
    return sum(gaps) / len(labels)


@given(rows=cases)
def test_the_error_is_that_of_its_definition(rows):
    labels = np.array([label for label, _ in rows], np.int8)
    scores = np.array([score for _, score in rows], np.float32)

    found = measured(labels, scores)

    assert found["ece"] == pytest.approx(listed_ece(labels, scores), abs=1e-9)
    assert found["brier"] == pytest.approx(((scores.astype(float) - labels) ** 2).mean(), abs=1e-9)


def test_many_patches_that_share_bins_give_the_same_error():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 30_000).astype(np.int8)
    scores = rng.random(30_000).astype(np.float32)

    found = measured(labels, scores)

    assert found["ece"] == pytest.approx(listed_ece(labels, scores), abs=1e-9)
    assert found["brier"] == pytest.approx(brier_score_loss(labels, scores), abs=1e-7)


def test_probabilities_that_mean_what_they_say_have_no_error():
    scores = np.repeat(np.float32([0.25, 0.75]), 4)
    labels = np.array([1, 0, 0, 0, 1, 1, 1, 0], np.int8)

    assert measured(labels, scores)["ece"] == pytest.approx(0)


def test_sure_and_wrong_is_the_largest_error():
    labels, scores = np.array([0, 0, 1], np.int8), np.array([1, 1, 0], np.float32)

    assert measured(labels, scores) == {"ece": 1.0, "brier": 1.0}


def test_every_patch_is_in_one_of_fifteen_bins():
    scores = np.array([0.0, 0.5, 1.0, 1.0], np.float32)
    labels = np.array([0, 1, 1, 0], np.int8)

    bins = reliability(sort_into_bins(labels, scores, np.zeros(4), EDGES), scores)

    assert [one["n"] for one in bins] == [1, *[0] * 6, 1, *[0] * 6, 2]
    assert bins[14] == {"low": 14 / 15, "high": 1.0, "n": 2, "score": 1.0, "tumor": 0.5}
    assert bins[1]["score"] is None


def test_the_error_comes_with_an_interval():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 400).astype(np.int8)
    scores = rng.random(400).astype(np.float32)

    found = metrics(labels, scores, np.arange(400) % 20, threshold=0.5, replicates=200)

    ece = found["calibration"]["ece"]
    assert 0 < ece["low"] < ece["high"] < 1
