from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tiff_slides import tissue_on_glass, write_slide

from common.cohort import SlideEntry
from common.geometry import Pyramid
from common.openslide_slide import OpenSlideSlide
from common.tissue.mask import TissueMask, mask_shape

masks = arrays.arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12)))


@given(plane=masks, x=st.integers(-40, 130), y=st.integers(-40, 130), edge=st.integers(1, 90))
def test_coverage_is_the_exact_share_of_the_square(plane, x, y, edge):
    rows, columns = plane.shape
    tissue = TissueMask(plane.copy(), columns * 10, rows * 10)
    pen = TissueMask(np.zeros_like(plane), columns * 10, rows * 10, plane)
    canvas = np.zeros((400, 400), bool)
    canvas[100 : 100 + rows * 10, 100 : 100 + columns * 10] = np.kron(plane, np.ones((10, 10)))

    square = canvas[100 + y : 100 + y + edge, 100 + x : 100 + x + edge]
    share = pytest.approx(square.sum() / edge**2, abs=1e-5)
    assert tissue.coverage(np.array([[x, y]]), edge)[0] == share
    assert pen.pen_coverage(np.array([[x, y]]), edge)[0] == share


def test_centres_are_in_level_0_pixels():
    mask = TissueMask(np.array([[False, True]]), width=200, height=100)

    assert mask.centres().tolist() == [[150.0, 50.0]]


def test_a_mask_cannot_be_changed():
    mask = TissueMask(np.zeros((2, 2), bool), 10, 10)

    with pytest.raises(ValueError, match="read-only"):
        mask.tissue[0, 0] = True


def test_a_mask_without_pen_has_an_empty_plane_of_it():
    mask = TissueMask(np.ones((2, 3), bool), 10, 10)

    assert mask.pen.shape == (2, 3)
    assert mask.pen_fraction == 0


@pytest.mark.parametrize("pen", [np.ones((3, 2), bool), np.ones((2, 3), np.uint8)])
def test_a_plane_of_pen_of_another_shape_or_kind_is_refused(pen):
    with pytest.raises(ValueError, match="pen must be"):
        TissueMask(np.zeros((2, 3), bool), 10, 10, pen)


def test_what_is_under_a_pen_is_no_tissue():
    with pytest.raises(ValueError, match="must not be tissue"):
        TissueMask(np.ones((2, 2), bool), 10, 10, np.ones((2, 2), bool))


@pytest.mark.parametrize("mpp", [0.5, 0.7, 1.0, 3.0, 8.0])
def test_the_shape_is_that_of_a_thumbnail(tmp_path, mpp):
    path = write_slide(tmp_path / "s.tif", tissue_on_glass(1001, 763), mpp=0.5)
    slide = OpenSlideSlide.of(SlideEntry("s", path))

    assert mask_shape(slide.pyramid, mpp) == slide.thumbnail(mpp).shape[:2]


def test_a_mask_has_a_pixel_at_least():
    assert mask_shape(Pyramid(((3, 2),), 0.5), 100.0) == (1, 1)
