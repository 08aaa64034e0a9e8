from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from common.annotations import Annotations
from common.truth import Truth
from layer1_extract.config import LabelSettings
from layer1_extract.labelling import BOUNDARY, labelling, labels_of

SQUARE = shapely.MultiPolygon([shapely.box(100, 100, 300, 300)])
KNOWN = Truth(True, Annotations(SQUARE, {}, {}))
PARTLY = Truth(True, Annotations(SQUARE, {}, {}), exhaustive=False)

corners = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), min_size=1, max_size=20)
edges = st.integers(1, 90)
eighths = st.integers(0, 8).map(lambda n: n / 8)


@given(share=eighths, low=st.sampled_from([0, 0.25]), high=st.sampled_from([0.5, 1]))
def test_a_label_follows_from_the_share_of_tumour(share, low, high):
    (label,) = labels_of(
        np.array([share], np.float32), LabelSettings(normal_max=low, tumor_min=high)
    )

    assert label == (1 if share >= high else 0 if share <= low else BOUNDARY)


@pytest.mark.parametrize(("share", "label"), [(np.nan, -1), (0.0, 0), (0.5, 1), (1e-6, BOUNDARY)])
def test_the_default_rule(share, label):
    assert labels_of(np.array([share], np.float32), LabelSettings()).tolist() == [label]


def labelled(truth, xy, edge=20, mpp=0.5, **settings):
    return labelling(truth, edge, LabelSettings(**settings), mpp)(np.array(xy, np.int64))


@given(xy=corners, edge=edges, truth=st.sampled_from([KNOWN, PARTLY]))
def test_by_its_centre_a_patch_is_what_its_centre_is(xy, edge, truth):
    share, labels = labelled(truth, xy, edge, rule="centre", tumor_min=0.9)

    other = 0 if truth is KNOWN else -1
    for (x, y), label in zip(xy, labels, strict=True):
        inside = SQUARE.covers(shapely.Point(x + edge / 2, y + edge / 2))
        assert label == (1 if inside else other)
    assert np.array_equal(share, truth.fraction(np.array(xy), edge), equal_nan=True)


@given(xy=corners, edge=edges, rule=st.sampled_from(["area", "centre"]), um=st.integers(1, 60))
def test_a_margin_rejects_what_is_near_an_outline_and_nothing_else(xy, edge, rule, um):
    _, plain = labelled(KNOWN, xy, edge, rule=rule)
    _, labels = labelled(KNOWN, xy, edge, rule=rule, margin_um=um)

    for (x, y), before, label in zip(xy, plain, labels, strict=True):
        centre = shapely.Point(x + edge / 2, y + edge / 2)
        asked = centre if rule == "centre" else shapely.box(x, y, x + edge, y + edge)
        near = SQUARE.boundary.distance(asked) < um / 0.5
        assert label == (BOUNDARY if near else before)


@given(xy=corners, um=st.integers(1, 60))
def test_by_area_only_patches_wholly_on_one_side_have_a_margin_to_the_outline(xy, um):
    share, labels = labelled(KNOWN, xy, margin_um=um)

    assert set(share[labels != BOUNDARY]) <= {0, 1}


@pytest.mark.parametrize(("truth", "label"), [(Truth(positive=False), 0), (Truth(), -1)])
@pytest.mark.parametrize("rule", ["area", "centre"])
def test_without_regions_neither_rule_nor_margin_matters(truth, label, rule):
    _, labels = labelled(truth, [(0, 0), (150, 150)], rule=rule, margin_um=50)

    assert labels.tolist() == [label, label]


@pytest.mark.parametrize("rule", ["area", "centre"])
def test_a_patch_marked_uncertain_has_no_label_whatever_else_is_drawn(rule):
    uncertain = shapely.MultiPolygon([shapely.box(0, 100, 150, 200)])
    truth = Truth(True, Annotations(SQUARE, {}, {}, uncertain))

    _, labels = labelled(truth, [[20, 120], [120, 120], [200, 120], [20, 300]], rule=rule)

    assert labels.tolist() == [-1, -1, 1, 0]
