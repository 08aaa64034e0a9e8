from __future__ import annotations

import pickle

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stained_tissue import tissue

from common.stain.pixels import StainError, tissue_pixels
from common.stain.reinhard import TARGET, LabColours, Reinhard, measure


def measured(patches):
    return measure(tissue_pixels(patches))


def error(found, wanted):
    return np.abs(found.astype(int) - wanted).mean()


def test_a_slide_with_the_target_s_own_colours_stays_as_it_is():
    patches = tissue()
    own = measured(patches)

    assert error(Reinhard(own, own)(patches), patches) < 1.5


def test_two_scanners_images_of_one_tissue_become_alike():
    one = tissue(strength=(2.5, 1.5))
    other = tissue(strength=(1.7, 1.0))

    found = [Reinhard(measured(image), TARGET)(image) for image in (one, other)]

    assert error(one, other) > 15
    assert error(*found) < 0.4 * error(one, other)


def test_what_was_normalised_has_the_target_s_colours():
    patches = tissue(count=8, strength=(2.5, 1.5))
    target = LabColours(mean=(50, 25, -12), spread=(10, 8, 7))

    found = measured(Reinhard(measured(patches), target)(patches))

    assert np.allclose(found.mean, target.mean, atol=2.5)
    assert np.allclose(found.spread, target.spread, atol=2)


@given(level=st.integers(240, 255), seed=st.integers(0, 9))
def test_glass_stays_white(level, seed):
    stain = Reinhard(measured(tissue(seed=seed)), TARGET)

    glass = stain(np.full((1, 4, 4, 3), level, np.uint8))

    assert np.abs(glass.astype(int) - level).max() <= 1
    assert (stain(np.full((1, 4, 4, 3), 255, np.uint8)) == 255).all()


@given(mean=st.floats(20, 80), spread=st.floats(2, 30))
def test_a_brighter_grey_is_never_less_bright(mean, spread):
    source = LabColours(mean=(mean, 20, -15), spread=(spread, 6, 6))
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, None, :, None], 3, axis=-1)

    found = cv2.cvtColor(Reinhard(source, TARGET)(ramp)[0], cv2.COLOR_RGB2LAB)[0, :, 0]

    assert np.diff(found.astype(int)).min() >= -3  # colours outside RGB are clipped, and round


def test_a_patch_gets_the_same_pixels_in_any_company_and_another_process():
    patches = tissue()
    stain = Reinhard(measured(patches), TARGET)

    assert np.array_equal(stain(patches)[2:3], stain(patches[2:3]))
    assert np.array_equal(pickle.loads(pickle.dumps(stain))(patches), stain(patches))
    assert stain.fallback == ""


def test_patches_given_stay_as_they_were():
    patches = tissue()
    before = patches.copy()

    Reinhard(measured(patches), TARGET)(patches)

    assert np.array_equal(patches, before)


def test_no_patches_give_none():
    assert Reinhard(TARGET, TARGET)(np.empty((0, 8, 8, 3), np.uint8)).shape == (0, 8, 8, 3)


def grey():
    level = np.random.default_rng(0).integers(20, 200, (4, 64, 64, 1))
    return np.repeat(level, 3, axis=-1).astype(np.uint8)


@pytest.mark.parametrize(
    "patches", [grey(), np.full((4, 64, 64, 3), (225, 130, 180), np.uint8)], ids=["grey", "pink"]
)
def test_what_has_one_colour_is_not_measured(patches):
    with pytest.raises(StainError, match="hardly more than one colour"):
        measured(patches)


@pytest.mark.real_data
def test_the_target_is_that_of_its_image(shared_data):
    found = measured(image(shared_data, "target_image"))

    assert np.allclose(found.mean, TARGET.mean, atol=0.01)
    assert np.allclose(found.spread, TARGET.spread, atol=0.01)


@pytest.mark.real_data
def test_agrees_with_a_published_result(shared_data):
    """TIAToolbox measures and changes glass, too: 3.8 levels in the mean, most at the rim of it."""
    source = image(shared_data, "source_image")
    published = image(shared_data, "norm_reinhard")

    found = Reinhard(measured(source), TARGET)(source)

    assert error(source, published) > 17
    assert error(found, published) < 4.5


def image(shared_data, name):
    read = cv2.imread(str(shared_data / "stain" / f"{name}.png"))
    return cv2.cvtColor(read, cv2.COLOR_BGR2RGB)[None]
