from __future__ import annotations

from common.geometry import Pyramid
from common.patches import PatchSpec
from layer1_extract.sampling.dense import dense_grid

SLIDE = Pyramid(((1000, 800),), mpp=0.5)


def test_the_stride_is_in_pixels_of_the_patch():
    grid = dense_grid(SLIDE, PatchSpec(100, 1.0), stride=50)

    assert (grid.edge, grid.stride) == (200, 100)
    assert (grid.columns, grid.rows) == (9, 7)


def test_without_a_stride_patches_stand_side_by_side():
    grid = dense_grid(SLIDE, PatchSpec(100, 1.0), stride=None)

    assert grid.stride == grid.edge == 200


def test_the_scale_of_the_slide_is_kept_within_two_percent():
    assert dense_grid(SLIDE, PatchSpec(100, 0.505), stride=100).stride == 100
