from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layer1_extract.config import LabelSettings
from layer1_extract.labelling import BOUNDARY, Truth, labels_of

corners = np.array([[0, 0], [10, 10]], np.int64)


class Half:
    """Regions that cover half of everything."""

    def fraction(self, xy, _edge):
        return np.full(len(xy), 0.5, np.float32)

    def outlines(self):
        return [np.zeros((4, 2))]


def test_a_slide_without_annotation_is_not_taken_for_normal():
    assert Truth().classes == (-1,)
    assert np.isnan(Truth().fraction(corners, 5)).all()


def test_a_negative_slide_gives_normal_patches_only():
    assert Truth(negative=True).classes == (0,)
    assert Truth(negative=True).fraction(corners, 5).tolist() == [0, 0]
    assert Truth(negative=True).outlines() == []


def test_an_annotated_slide_gives_both_classes():
    truth = Truth(regions=Half())

    assert truth.classes == (0, 1)
    assert truth.fraction(corners, 5).tolist() == [0.5, 0.5]
    assert len(truth.outlines()) == 1


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
