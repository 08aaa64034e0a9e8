from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from layer3_infer.explain.shuffling import grounds, shuffles, waves

GRID = np.argwhere(np.ones((9, 9)))
UNKNOWN = np.full((20, 2), -1)


def copies(concept, slides, places=None, count=50, seed=0):
    return shuffles(concept, grounds(slides, places), count, np.random.default_rng(seed))


@pytest.mark.parametrize("places", [GRID[:20], UNKNOWN, None])
def test_a_shuffled_copy_holds_each_slides_values_in_another_order(places):
    concept, slides = np.arange(20.0), np.arange(20) % 3

    found = copies(concept, slides, places)

    for slide in range(3):
        assert (concept[slides == slide] == np.sort(found[slides == slide], axis=0).T).all()
    assert len(np.unique(found, axis=1).T) >= 48


def test_what_only_tells_slides_apart_is_its_own_shuffled_copy():
    slides = np.array([0, 0, 1, 1, 2])

    for places in (None, GRID[:5]):
        found = copies(slides.astype(float), slides, places)
        assert (found == slides[:, None]).all()


def roughness(field):
    """Mean square step between neighbours, over the variance."""
    steps = [np.square(np.diff(field.reshape(9, 9, -1), axis=axis)).mean() for axis in (0, 1)]
    return np.mean(steps) / field.var()


@pytest.mark.parametrize("sigma", [0, 1, 2])
def test_copies_are_as_smooth_as_the_concept(sigma):
    field = gaussian_filter(np.random.default_rng(4).normal(size=(21, 21)), sigma)[6:15, 6:15]
    one = np.zeros(81, int)

    placed = copies(field.ravel(), one, GRID, count=200)
    loose = copies(field.ravel(), one, count=200)

    assert roughness(placed) == pytest.approx(roughness(field), rel=0.4)
    assert roughness(loose) == pytest.approx(2, rel=0.1)


def test_copies_lie_elsewhere():
    field = gaussian_filter(np.random.default_rng(4).normal(size=(21, 21)), 2)[6:15, 6:15].ravel()

    found = copies(field, np.zeros(81, int), GRID, count=500)

    with_it = np.array([np.corrcoef(field, copy)[0, 1] for copy in found.T])
    assert abs(with_it.mean()) < 0.1
    assert np.mean(with_it > 0.9) < 0.1


def test_copies_do_not_depend_on_where_the_slide_begins_or_how_long_a_pixel_is():
    concept, slides = np.random.default_rng(0).normal(size=81), np.zeros(81, int)
    odd = GRID * 7 + np.arange(81)[:, None] % 5

    np.testing.assert_array_equal(
        copies(concept, slides, odd), copies(concept, slides, 448 * odd + 448)
    )


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=12))
def test_waves_are_orthonormal_and_of_mean_zero_even_where_patches_coincide(places):
    found = waves(np.array(places))

    assert found.shape == (len(places), len(places) - 1)
    np.testing.assert_allclose(found.T @ found, np.eye(len(places) - 1), atol=1e-9)
    np.testing.assert_allclose(found.sum(axis=0), 0, atol=1e-9)


def test_a_slide_with_any_patch_that_has_no_place_has_no_waves():
    places = np.array([[0, 0], [5, 5], [-1, -1], [9, 9]])

    assert [g.waves is None for g in grounds(np.array([0, 0, 1, 1]), places)] == [False, True]
