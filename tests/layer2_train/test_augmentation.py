from __future__ import annotations

import colorsys

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layer2_train.augmentation import DRAWS, POSITIONS, Augment, coloured, draw, laid, stained
from layer2_train.config import AugmentationSettings, StainJitter
from layer2_train.settings.augmentation import ColourJitter

OFF = StainJitter(scale=0, shift=0)
STRONG = StainJitter(scale=0.25, shift=0.06)
NO_COLOURS = ColourJitter()
COLOURS = ColourJitter(brightness=0.2, contrast=0.3, saturation=0.4, hue=0.05)


def patches(count=4, size=6):
    return np.random.default_rng(0).uniform(0, 255, (count, size, size, 3)).astype(np.float32)


def settings(*, flip=True, rotate90=True, jitter=STRONG, colours=COLOURS):
    return AugmentationSettings(
        flip=flip, rotate90=rotate90, stain_jitter=jitter, colour_jitter=colours
    )


NOTHING = settings(flip=False, rotate90=False, jitter=OFF, colours=NO_COLOURS)


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
    assert np.all(np.abs(draws[:, 7:10] - 1) <= np.float32([0.2, 0.3, 0.4]) + 1e-6)
    assert np.all(np.abs(draws[:, 10]) <= np.float32(0.05))
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


@given(rank=st.integers(1, 1000))
def test_ranks_draw_independently_of_one_another(rank):
    first = draw(settings(), 16, seed=0, epoch=1, step=0)
    other = draw(settings(), 16, seed=0, epoch=1, step=0, rank=rank)

    assert not np.any(np.all(first == other, axis=1))
    assert np.array_equal(first, draw(settings(), 16, seed=0, epoch=1, step=0, rank=0))


def one_colour(rgb):
    return np.full((1, 2, 2, 3), rgb, np.float32)


def colour_of(patches, **changes):
    """The first pixel after a change of brightness, contrast, saturation or hue."""
    usual = {"brightness": 1, "contrast": 1, "saturation": 1, "hue": 0}
    draws = np.array([list({**usual, **changes}.values())], np.float32)
    return np.asarray(coloured(patches, draws))[0, 0, 0]


def test_colours_are_unchanged_at_no_strength():
    given_patches = patches()
    draws = np.tile(np.float32([1, 1, 1, 0]), (4, 1))

    assert np.allclose(np.asarray(coloured(given_patches, draws)), given_patches, atol=0.001)


def test_brightness_multiplies():
    assert np.allclose(colour_of(one_colour((100, 50, 200)), brightness=0.5), (50, 25, 100))
    assert np.allclose(colour_of(one_colour((100, 50, 200)), brightness=1.5), (150, 75, 255))


def test_contrast_stretches_about_the_mean_of_the_patch():
    halves = one_colour((100, 100, 100))
    halves[0, 1] = 140

    assert np.allclose(colour_of(halves, contrast=0.5), 110)
    assert np.allclose(colour_of(one_colour((100, 120, 140)), contrast=0.0), 120)


def test_saturation_stretches_about_grey_and_leaves_greys():
    assert np.allclose(colour_of(one_colour((100, 120, 140)), saturation=0.5), (110, 120, 130))
    assert np.allclose(colour_of(one_colour((90, 90, 90)), saturation=1.9), 90)


@pytest.mark.parametrize("third", [1, 2])
def test_a_third_of_a_turn_of_hue_is_the_next_channel(third):
    found = colour_of(one_colour((200, 100, 60)), hue=third / 3)

    wanted = np.roll((200, 100, 60), third)
    assert np.allclose(found, wanted, atol=0.01)


def test_hue_turns_as_people_say_it_and_keeps_greys():
    found = colour_of(one_colour((200, 100, 100)), hue=0.05)

    hue, *_ = colorsys.rgb_to_hsv(*found / 255)
    assert hue == pytest.approx(0.05, abs=0.01)
    assert np.allclose(colour_of(one_colour((90, 90, 90)), hue=0.3), 90, atol=0.001)


def test_each_patch_has_its_own_colours():
    given_patches = np.repeat(one_colour((100, 50, 200)), 2, axis=0)
    draws = np.float32([[1, 1, 1, 0], [0.5, 1, 1, 0]])

    found = np.asarray(coloured(given_patches, draws))

    assert np.allclose(found[0], given_patches[0])
    assert np.allclose(found[1], given_patches[1] / 2)


def test_stored_bytes_are_varied_as_their_floats_are():
    stored = np.random.default_rng(0).integers(0, 256, (4, 6, 6, 3), dtype=np.uint8)
    draws = draw(settings(), 4, seed=0, epoch=1, step=0)

    of_bytes = Augment(settings())(stored, draws)
    of_floats = Augment(settings())(stored.astype(np.float32), draws)

    assert keras.backend.standardize_dtype(of_bytes.dtype) == "float32"
    assert np.array_equal(np.asarray(of_bytes), np.asarray(of_floats))


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_varies_patches_no_less_exactly(policy):
    given_patches = patches()
    draws = draw(settings(), 4, seed=0, epoch=1, step=0)
    wanted = np.asarray(Augment(settings())(given_patches, draws))
    before = keras.mixed_precision.dtype_policy()
    keras.mixed_precision.set_dtype_policy(policy)
    try:
        image, table = keras.Input((6, 6, 3)), keras.Input((DRAWS,))
        varied = Augment(settings())(image, table)
        model = keras.Model([image, table], [varied, keras.layers.Rescaling(1 / 255)(varied)])
        found, next_layers = model([given_patches, draws])
    finally:
        keras.mixed_precision.set_dtype_policy(before)

    assert np.allclose(np.asarray(found), wanted, atol=0.001)
    assert keras.backend.standardize_dtype(next_layers.dtype) == policy.removeprefix("mixed_")


def test_what_is_off_leaves_the_patch_alone():
    given_patches = patches()
    draws = draw(NOTHING, 4, seed=0, epoch=1, step=0)

    assert np.array_equal(draws, np.tile(np.float32([0, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0]), (4, 1)))
    assert np.array_equal(np.asarray(Augment(NOTHING)(given_patches, draws)), given_patches)
