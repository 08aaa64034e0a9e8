from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.roc import auc_interval
from layer2_train.bootstrap import intervals, moved, sort_into_bins

scores = st.lists(st.floats(0, 1, width=32), min_size=1, max_size=50)


def share(counts):
    """Share of tumour."""
    return counts[:, :, 1].sum(axis=1) / counts.sum(axis=(1, 2))


def labelled(n, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, n).astype(np.int8)
    return labels, np.clip(rng.normal(0.4 + 0.2 * labels, 0.2), 0, 1).astype(np.float32)


@given(scores=scores, cut=st.floats(0.0625, 0.9375, width=32))
def test_no_bin_reaches_over_a_cut(scores, cut):
    values = np.array(scores, np.float32)

    bins = sort_into_bins(np.zeros(len(values), np.int8), values, np.zeros(len(values)), (cut,))

    assert (bins.from_edge(cut)[bins.bins] == (values >= np.float32(cut))).all()


@given(scores=scores)
def test_few_patches_share_a_bin_only_where_their_scores_are_equal(scores):
    values = np.array(scores, np.float32)

    bins = sort_into_bins(np.zeros(len(values), np.int8), values, np.zeros(len(values)), ())

    assert len(np.unique(bins.bins)) == len(np.unique(values))


def test_many_patches_share_bins_and_are_all_counted():
    labels, values = labelled(20_000)

    bins = sort_into_bins(labels, values, np.arange(20_000) % 50, (0.5,))

    assert len(bins) < 1200
    assert bins.total().sum(axis=0).tolist() == [(labels == 0).sum(), (labels == 1).sum()]


@pytest.mark.parametrize("groups", [np.arange(4000) % 40, np.arange(4000)], ids=["40", "each"])
def test_the_interval_is_that_of_listing_every_patch(groups):
    """Drawing kinds of patches by their numbers is drawing the patches."""
    labels, values = labelled(4000)

    found = intervals(
        sort_into_bins(labels, values, groups, ()), groups, {"share": share}, replicates=2000
    )["share"]

    rng = np.random.default_rng(1)
    names = np.unique(groups)
    tumor = np.array([(labels[groups == name]).sum() for name in names])
    sizes = np.array([(groups == name).sum() for name in names])
    drawn = rng.integers(0, len(names), (2000, len(names)))
    listed = tumor[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    low, high = np.percentile(listed, [2.5, 97.5])
    width = high - low
    assert found["low"] == pytest.approx(low, abs=0.1 * width)
    assert found["high"] == pytest.approx(high, abs=0.1 * width)


def test_groups_of_one_and_of_many_patches_are_drawn_alike():
    labels = np.array([1] * 10 + [0, 0], np.int8)
    groups = np.array([0] * 10 + [1, 2])
    bins = sort_into_bins(labels, np.zeros(12, np.float32), groups, ())

    found = intervals(bins, groups, {"share": share}, replicates=500)["share"]

    assert (found["low"], found["high"]) == (0.0, 1.0)


def test_one_group_has_no_interval():
    labels, values = labelled(20)
    groups = np.zeros(20)

    found = intervals(
        sort_into_bins(labels, values, groups, ()), groups, {"share": share}, replicates=20
    )["share"]

    assert found["value"] == labels.mean()
    assert (found["low"], found["high"]) == (None, None)


def test_equal_seeds_give_equal_intervals():
    labels, values = labelled(200)
    groups = np.arange(200) % 9
    bins = sort_into_bins(labels, values, groups, ())

    first, second = (
        intervals(bins, groups, {"share": share}, replicates=50, seed=3) for _ in range(2)
    )

    assert first == second


def test_an_interval_moves_with_its_value_and_stays_a_share():
    assert moved({"value": 0.9, "low": 0.8, "high": 0.99}, 0.92) == pytest.approx(
        {"value": 0.92, "low": 0.82, "high": 1.0}
    )
    assert moved({"value": None, "low": None, "high": None}, float("nan"))["value"] is None


def test_the_area_keeps_the_interval_of_ranking_every_patch():
    from layer2_train.metrics import metrics

    labels, values = labelled(6000)
    groups = np.arange(6000) % 30

    found = metrics(labels, values, groups, threshold=0.5, replicates=1000)["auc"]
    listed = auc_interval(labels, values, groups, replicates=1000)

    assert found["value"] == listed["value"]
    assert found["low"] == pytest.approx(listed["low"], abs=0.002)
    assert found["high"] == pytest.approx(listed["high"], abs=0.002)
