from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.tissue import light
from common.tissue.light import absorption, glass_colour


def flat(colour, size=(40, 60)):
    return np.broadcast_to(np.array(colour, np.uint8), (*size, 3)).copy()


def density_of(taken):
    return np.concatenate([density for _, density in taken.bands()])


def test_density_is_the_logarithm_of_what_glass_lets_through():
    image = flat((240, 238, 236))
    image[10:30, 10:30] = (24, 119, 236)

    density = density_of(absorption(image))

    assert density[20, 20] == pytest.approx([1.0, np.log10(2), 0.0], abs=1e-6)
    assert not density[0].any()


@given(lamp=st.tuples(*[st.integers(190, 219)] * 3))
def test_the_tint_of_the_lamp_is_no_stain(lamp):
    taken = absorption(flat(lamp))

    assert not taken.saturation.any()
    assert not density_of(taken).any()


def test_mean_density_is_that_of_the_channels():
    image = flat((240, 240, 240))
    image[5:] = (60, 120, 240)

    taken = absorption(image)

    assert np.allclose(taken.mean_density, density_of(taken).mean(axis=2))
    assert taken.mean_density.shape == (40, 60)


def test_what_was_never_scanned_is_not_taken_for_glass():
    image = flat((255, 255, 255))
    image[:10] = (230, 228, 231)

    assert glass_colour(image).tolist() == [230, 228, 231]


def test_much_pale_tissue_is_not_taken_for_glass():
    rng = np.random.default_rng(0)
    image = flat((243, 243, 243), (100, 100))
    image[40:] = np.add((222, 208, 220), rng.integers(-8, 9, (60, 100, 1)))

    assert glass_colour(image).tolist() == [243, 243, 243]


def test_white_stands_in_where_no_glass_is_seen():
    assert glass_colour(flat((200, 120, 180))).tolist() == [255, 255, 255]


def test_a_large_slide_is_looked_at_band_by_band(monkeypatch):
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (50, 70, 3), dtype=np.uint8)
    whole = absorption(image)

    monkeypatch.setattr(light, "_BAND_PX", 100)
    cut = absorption(image)

    assert len(list(cut.bands())) == 50
    assert np.array_equal(cut.saturation, whole.saturation)
    assert np.array_equal(cut.mean_density, whole.mean_density)
