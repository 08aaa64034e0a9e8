from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.geometry import Box
from layer1_extract.phantom.roster import Entry
from layer1_extract.phantom.slide import grow_slide

WHOLE = Box(0, 0, 1024, 1024)
FOLDED, MARKED, CLEAN = Entry(0), Entry(1), Entry(3)


@pytest.fixture(scope="module")
def pixels(positive):
    return positive.read(WHOLE)


@settings(max_examples=15)
@given(x=st.integers(0, 900), y=st.integers(0, 900), edge=st.integers(1, 124))
def test_a_box_shows_its_part_of_the_whole(positive, pixels, x, y, edge):
    part = positive.read(Box(x, y, edge, edge)).astype(int)

    # One grey value is left to the rounding of exponentials, which depends on memory alignment.
    assert np.abs(part - pixels[y : y + edge, x : x + edge]).max() <= 1


def test_tiles_are_the_slide_by_row_then_by_column(positive, pixels):
    tiles = list(positive.tiles())

    assert len(tiles) == 4
    np.testing.assert_allclose(tiles[1], pixels[:512, 512:], atol=1)


def test_glass_is_nearly_white_with_a_little_noise(positive, pixels):
    glass = pixels[positive.anatomy.tissue.depth.on(WHOLE) < -20]

    assert glass.min() > 220
    assert 0.5 < glass.std(axis=0).max() < 4


def test_tissue_is_pink_to_purple_and_its_nuclei_are_darker(positive, pixels):
    tissue = pixels[positive.anatomy.tissue.depth.on(WHOLE) > 20].astype(float)
    x, y = positive.nuclei.xy.T

    assert tissue[:, 1].mean() < tissue[:, [0, 2]].mean(axis=0).min() - 15
    assert pixels[y, x].mean() < tissue.mean() - 30


def test_vacuoles_are_as_white_as_glass(positive, pixels):
    x, y, _ = positive.anatomy.fat[np.argmax(positive.anatomy.fat[:, 2])].astype(int)

    assert pixels[y, x].min() > 220


def test_the_same_entry_grows_the_same_slide_whatever_else_is_in_the_cohort(small, pixels):
    again = grow_slide(FOLDED, replace(small, slides=30))

    np.testing.assert_array_equal(again.read(WHOLE), pixels)


def test_another_seed_grows_another_slide(small, pixels):
    other = grow_slide(FOLDED, replace(small, seed=1))

    assert np.mean(other.read(WHOLE) != pixels) > 0.3


@pytest.mark.parametrize("entry", [FOLDED, MARKED])
def test_artefacts_darken_part_of_the_slide_and_leave_the_rest(small, entry):
    clean = grow_slide(entry, small).read(WHOLE).astype(int).sum(axis=2)
    spoilt = grow_slide(entry, replace(small, artefacts=True)).read(WHOLE).astype(int).sum(axis=2)

    assert 0.003 < np.mean(spoilt < clean - 30) < 0.2
    assert np.mean(np.abs(spoilt - clean) <= 3) > 0.8


def test_some_slides_have_no_artefact_even_where_they_are_asked_for(small):
    slide = grow_slide(CLEAN, replace(small, artefacts=True))

    assert slide.fold is None
    assert slide.pen is None
