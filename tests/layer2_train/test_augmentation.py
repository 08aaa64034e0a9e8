from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layer2_train.augmentation import DRAWS, POSITIONS, Augment, draw, laid, stained
from layer2_train.config import AugmentationSettings, StainJitter

OFF = StainJitter(scale=0, shift=0)
STRONG = StainJitter(scale=0.25, shift=0.06)


def patches(count=4, size=6):
    return np.random.default_rng(0).uniform(0, 255, (count, size, size, 3)).astype(np.float32)


def settings(*, flip=True, rotate90=True, jitter=STRONG):
    return AugmentationSettings(flip=flip, rotate90=rotate90, stain_jitter=jitter)


@pytest.mark.parametrize("position", range(POSITIONS))
def test_mirrors_then_turns_as_numpy_does(position):
    given_patches = patches()
    turns, mirrored = position % 4, position >= 4

    found = np.asarray(laid(given_patches, np.full(4, position, np.float32)))

    for before, after in zip(given_patches, found, strict=True):
        mirror = before[:, ::-1] if mirrored else before
        assert np.array_equal(after, np.rot90(mirror, turns))


def test_each_patch_of_a_batch_has_its_own_position():
    given_patches = patches(count=8)

    found = np.asarray(laid(given_patches, np.arange(8, dtype=np.float32)))

    assert np.array_equal(found[0], given_patches[0])
    assert np.array_equal(found[2], given_patches[2][::-1, ::-1])
    assert np.array_equal(found[4], given_patches[4][:, ::-1])
    assert np.array_equal(found[6], given_patches[6][::-1])


@pytest.mark.parametrize(
    ("flip", "rotate90", "positions"),
    [
        (False, False, {0}),
        (True, False, {0, 2, 4, 6}),
        (False, True, {0, 1, 2, 3}),
        (True, True, set(range(8))),
    ],
)
def test_only_what_is_asked_for_is_drawn(flip, rotate90, positions):
    draws = draw(settings(flip=flip, rotate90=rotate90), 400, seed=0, epoch=1, step=0)

    assert set(draws[:, 0].tolist()) == positions


@given(seed=st.integers(0, 9), epoch=st.integers(1, 9), step=st.integers(0, 99))
def test_draws_stay_within_their_bounds_and_repeat(seed, epoch, step):
    draws = draw(settings(), 16, seed, epoch, step)

    assert draws.shape == (16, DRAWS)
    assert draws.dtype == np.float32
    assert np.all((draws[:, 1:4] >= 0.75) & (draws[:, 1:4] <= 1.25))
    assert np.all(np.abs(draws[:, 4:7]) <= np.float32(0.06))
    assert np.array_equal(draws, draw(settings(), 16, seed, epoch, step))
    assert not np.array_equal(draws, draw(settings(), 16, seed, epoch, step + 1))


def test_stains_are_unchanged_at_no_strength():
    given_patches = patches()

    found = stained(given_patches, np.ones((4, 3), np.float32), np.zeros((4, 3), np.float32))

    assert np.allclose(np.asarray(found), given_patches, atol=0.01)


def test_more_haematoxylin_darkens_red_more_than_blue():
    grey = np.full((1, 2, 2, 3), 128, np.float32)
    factors, shifts = np.ones((1, 3), np.float32), np.array([[0.1, 0, 0]], np.float32)

    found = np.asarray(stained(grey, factors, shifts))[0, 0, 0]

    density = -np.log10((found + 1) / 129)
    assert density == pytest.approx(0.1 * np.array([0.651, 0.701, 0.290]), abs=1e-3)


def test_stains_stay_in_range_on_black_and_white():
    extremes = np.stack([np.zeros((4, 4, 3)), np.full((4, 4, 3), 255)]).astype(np.float32)
    draws = draw(settings(), 2, seed=0, epoch=1, step=0)

    found = np.asarray(Augment(settings())(extremes, draws))

    assert np.isfinite(found).all()
    assert found.min() >= 0
    assert found.max() <= 255


def test_what_is_off_leaves_the_patch_alone():
    off = settings(flip=False, rotate90=False, jitter=OFF)
    given_patches = patches()
    draws = draw(off, 4, seed=0, epoch=1, step=0)

    assert np.array_equal(np.asarray(Augment(off)(given_patches, draws)), given_patches)
