from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tiff_slides import tissue_on_glass

from common.geometry import Pyramid
from common.tissue import TissueMask, TissueSettings, find_tissue

SETTINGS = TissueSettings(min_area_um2=1000, close_um=16)


def slide_of(image, mpp=8.0):
    return Pyramid(((image.shape[1], image.shape[0]),), mpp)


def test_tissue_is_found_where_it_is_and_nowhere_else():
    image = tissue_on_glass(256, 192, box=(64, 32, 160, 128))

    mask = find_tissue(image, slide_of(image), SETTINGS)

    truth = np.zeros((192, 256), bool)
    truth[32:128, 64:160] = True
    assert (mask.tissue == truth).mean() > 0.995


def test_glass_alone_has_no_tissue():
    glass = np.random.default_rng(0).integers(238, 246, (200, 200, 3)).astype(np.uint8)

    assert find_tissue(glass, slide_of(glass), SETTINGS).fraction == 0


def test_a_slide_full_of_tissue_is_not_halved():
    full = tissue_on_glass(200, 200, box=(0, 0, 200, 200))

    assert find_tissue(full, slide_of(full), SETTINGS).fraction == 1


def test_specks_are_dropped_and_small_holes_filled():
    image = tissue_on_glass(256, 192, box=(64, 32, 160, 128))
    image[10:12, 10:12] = (225, 100, 190)
    image[70:73, 100:103] = 243

    mask = find_tissue(image, slide_of(image), SETTINGS)

    assert not mask.tissue[:20, :20].any()
    assert mask.tissue[65:80, 95:110].all()


def test_tissue_near_the_edge_is_not_drawn_out_to_it():
    image = tissue_on_glass(256, 192, box=(64, 2, 160, 128))

    mask = find_tissue(image, slide_of(image), TissueSettings(min_area_um2=0, close_um=80))

    assert not mask.tissue[0].any()


masks = arrays.arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12)))


@given(tissue=masks, x=st.integers(-40, 130), y=st.integers(-40, 130), edge=st.integers(1, 90))
def test_coverage_is_the_exact_share_of_the_square(tissue, x, y, edge):
    rows, columns = tissue.shape
    mask = TissueMask(tissue, columns * 10, rows * 10)
    canvas = np.zeros((400, 400), bool)
    canvas[100 : 100 + rows * 10, 100 : 100 + columns * 10] = np.kron(tissue, np.ones((10, 10)))

    found = mask.coverage(np.array([[x, y]]), edge)

    square = canvas[100 + y : 100 + y + edge, 100 + x : 100 + x + edge]
    assert found[0] == pytest.approx(square.sum() / edge**2, abs=1e-5)


def test_centres_are_in_level_0_pixels():
    mask = TissueMask(np.array([[False, True]]), width=200, height=100)

    assert mask.centres().tolist() == [[150.0, 50.0]]


def test_a_mask_cannot_be_changed():
    mask = TissueMask(np.zeros((2, 2), bool), 10, 10)

    with pytest.raises(ValueError, match="read-only"):
        mask.tissue[0, 0] = True
