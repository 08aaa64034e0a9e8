"""Haralick's features of marked pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.feature import graycomatrix, graycoprops

from layer3_infer.explain.haralick import FEATURES, texture

ANGLES = (0, np.pi / 4, np.pi / 2, 3 * np.pi / 4)
THEIRS = {name: name for name in FEATURES} | {"asm": "ASM"}


@given(seed=st.integers(0, 1000), step=st.integers(1, 4), levels=st.sampled_from([4, 16, 32]))
def test_on_a_full_mask_it_is_what_scikit_image_computes(seed, step, levels):
    grey = np.random.default_rng(seed).integers(0, levels, (17, 23), dtype=np.uint8)
    counts = graycomatrix(grey, [step], ANGLES, levels=levels, symmetric=True, normed=True)

    found = texture(grey, np.ones(grey.shape, int), levels, step)

    for name, value in found.items():
        assert value == pytest.approx(graycoprops(counts, THEIRS[name]).mean(), rel=1e-9)


def test_stripes_by_hand():
    """Columns 0 1 0 1 ...: along them one level, in every other direction always the other."""
    grey = np.tile([0, 1], (20, 10))

    found = texture(grey, np.ones(grey.shape, int), 2, 1)

    # Along a column the shares are 1/2 on the diagonal; elsewhere 1/2 beside it.
    assert found["asm"] == pytest.approx(0.5)
    assert found["contrast"] == pytest.approx(3 / 4)
    assert found["dissimilarity"] == pytest.approx(3 / 4)
    assert found["correlation"] == pytest.approx((1 - 1 - 1 - 1) / 4)
    assert found["entropy"] == pytest.approx(np.log(2))


def test_pairs_across_an_outline_or_between_two_objects_do_not_count():
    grey = np.zeros((40, 40), int)
    grey[:, 20:] = 7
    objects = np.ones((40, 40), int)
    objects[:, 20:] = 2

    apart = texture(grey, objects, 8, 2)
    as_one = texture(grey, np.ones((40, 40), int), 8, 2)

    assert apart["contrast"] == 0
    assert as_one["contrast"] > 0


def test_what_lies_outside_objects_does_not_matter():
    rng = np.random.default_rng(1)
    grey = rng.integers(0, 16, (50, 50))
    objects = np.zeros((50, 50), int)
    objects[10:40, 10:40] = 1
    other = np.where(objects > 0, grey, rng.integers(0, 16, (50, 50)))

    assert texture(grey, objects, 16, 2) == texture(other, objects, 16, 2)


@pytest.mark.parametrize("objects", [np.zeros((30, 30), int), np.eye(30, dtype=int)])
def test_too_few_pairs_are_not_measured(objects):
    found = texture(np.zeros((30, 30), int), objects, 4, 1)

    assert list(found) == list(FEATURES)
    assert all(np.isnan(value) for value in found.values())


def test_one_level_is_even_and_has_no_correlation():
    found = texture(np.full((30, 30), 3), np.ones((30, 30), int), 4, 1)

    assert np.isnan(found.pop("correlation"))
    assert found == {"asm": 1, "contrast": 0, "entropy": 0, "dissimilarity": 0}


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (3, 2)])
def test_a_patch_smaller_than_a_step_is_not_measured(shape):
    found = texture(np.zeros(shape, int), np.ones(shape, int), 4, 5)

    assert np.isnan(found["asm"])
