from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import binary_erosion

from layer1_extract.phantom.nucleus_bank import Look, draw_bank

SMALL = Look((7.0, 0.5, 6.0, 8.0), density=0.9, clumping=0.15, nucleoli=False)
LARGE = replace(SMALL, diameter=(12.0, 0.8, 10.0, 14.0))


def bank(look):
    return draw_bank(np.random.default_rng(0), look, 200)


def test_areas_are_those_of_discs_of_the_diameters_asked_for():
    assert bank(SMALL).area_um2.mean() == pytest.approx(np.pi * 3.5**2, rel=0.05)
    assert bank(LARGE).area_um2.mean() == pytest.approx(np.pi * 6**2, rel=0.05)


def test_texture_follows_clumping_and_not_area():
    assert bank(SMALL).texture.mean() == pytest.approx(0.9 * 0.15, rel=0.03)
    assert bank(LARGE).texture.mean() == pytest.approx(bank(SMALL).texture.mean(), rel=0.02)


def chromatin(look, binned):
    """Contrast of grey levels 0.5 um apart, and their correlation, at 0.25 um/px times `binned`."""
    stamps = bank(look).stamps
    edge = stamps.shape[1] // binned * binned
    blocks = stamps[:, :edge, :edge].reshape(len(stamps), edge // binned, binned, -1, binned)
    grey = blocks.mean(axis=(2, 4))
    whole = blocks.min(axis=(2, 4)) > 0
    inner = np.asarray(binary_erosion(whole, np.ones((1, 3, 3)), 4 // binned), bool)
    level = np.floor(grey * 8 / grey[inner].mean())
    step = 2 // binned
    both = inner[:, :, step:] & inner[:, :, :-step]
    here, there = level[:, :, step:][both], level[:, :, :-step][both]
    return np.mean(np.square(here - there)), np.corrcoef(here, there)[0, 1]


@pytest.mark.parametrize("binned", [1, 2])
def test_chromatin_of_large_nuclei_is_as_coarse_as_that_of_small_ones(binned):
    assert chromatin(LARGE, binned) == pytest.approx(chromatin(SMALL, binned), rel=0.05)


def test_nucleoli_are_as_wide_in_large_nuclei_as_in_small_ones():
    def left_three_px_away(look):
        stamps = bank(replace(look, nucleoli=True)).stamps
        darkest = stamps.reshape(len(stamps), -1).argmax(axis=1)
        row, column = np.unravel_index(darkest, stamps.shape[1:])
        every = np.arange(len(stamps))
        around = [stamps[every, row, column + shift] for shift in (-3, 0, 3)]
        beside = (around[0] + around[2]) / 2
        return np.mean(beside - 0.9) / np.mean(around[1] - 0.9)

    assert left_three_px_away(LARGE) == pytest.approx(left_three_px_away(SMALL), abs=0.06)


def test_nucleoli_do_not_change_how_much_texture_there_is():
    spotted = replace(LARGE, nucleoli=True)

    assert bank(spotted).texture.mean() == pytest.approx(bank(LARGE).texture.mean(), rel=0.05)
    assert bank(spotted).stamps.max() > bank(LARGE).stamps.max()


def test_a_stamp_holds_its_nucleus_whole_around_its_middle_pixel():
    stamps = bank(LARGE).stamps
    middle = stamps.shape[1] // 2

    assert stamps.shape[1] % 2 == 1
    assert stamps[:, middle, middle].min() > 0
    assert not stamps[:, 0].any()
    assert not stamps[:, :, -1].any()


def test_no_two_nuclei_are_alike():
    stamps = bank(SMALL).stamps

    assert len(np.unique(stamps.reshape(len(stamps), -1), axis=0)) == len(stamps)
