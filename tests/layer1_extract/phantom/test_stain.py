from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from layer1_extract.phantom.stain import STAINS

ONE, NONE = np.ones((1, 1), np.float32), np.zeros((1, 1), np.float32)


@pytest.mark.parametrize("stain", STAINS)
def test_bare_glass_has_the_colour_of_the_lamp(stain):
    assert stain.colour(NONE, NONE)[0, 0].tolist() == list(stain.glass)


@pytest.mark.parametrize("stain", STAINS)
def test_twice_the_density_lets_the_square_of_the_light_through(stain):
    glass = np.array(stain.glass)
    once, twice = (stain.colour(dye * ONE, dye * ONE)[0, 0] / glass for dye in (1, 2))

    np.testing.assert_allclose(twice, once**2, rtol=1e-5)


@pytest.mark.parametrize("stain", STAINS)
def test_eosin_is_pink_and_haematoxylin_darkens_red_most_of_the_two(stain):
    red, green, _ = stain.colour(NONE, ONE)[0, 0]
    nucleus = stain.colour(ONE, NONE)[0, 0]

    assert red > green + 50
    assert nucleus[0] < red - 50


def test_ink_is_one_more_layer():
    ink = np.full((1, 1, 3), np.log(2), np.float32)

    np.testing.assert_allclose(
        STAINS[0].colour(ONE, ONE, ink), STAINS[0].colour(ONE, ONE) / 2, rtol=1e-5
    )


def test_centres_differ_more_than_slides_of_one_centre():
    tissue = np.float32([[0.4]]), np.float32([[0.4]])
    colours = [stain.colour(*tissue)[0, 0] for stain in STAINS]
    days = [STAINS[0].varied(np.random.default_rng(day)).colour(*tissue)[0, 0] for day in range(9)]

    between = min(np.linalg.norm(one - other) for one, other in combinations(colours, 2))
    within = np.linalg.norm(np.std(days, axis=0))

    assert within > 0.5
    assert between > 3 * within
