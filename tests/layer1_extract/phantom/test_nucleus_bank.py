from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

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
