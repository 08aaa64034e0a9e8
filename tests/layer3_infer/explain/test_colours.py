from __future__ import annotations

from dataclasses import replace

import numpy as np

from layer3_infer.explain.colours import laid_over, scale_colours, shown_values
from layer3_infer.explain.explanation import Explanation

PATCH = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
RAW = np.zeros((8, 8), np.float32)
RAW[3, 4], RAW[1, 2] = 2, -4
ONE = Explanation("lime", "tumor", RAW, PATCH, "a", 0, 0, 0.5, -1)


def test_where_nothing_is_said_the_patch_is_untouched():
    for method, changed in (("lime", {(3, 4), (1, 2)}), ("grad_cam", {(3, 4)})):
        differs = (laid_over(replace(ONE, method=method)) != PATCH).any(axis=-1)

        assert set(zip(*(axis.tolist() for axis in np.nonzero(differs)), strict=True)) == changed


def test_for_is_red_against_is_turquoise_and_both_have_one_measure():
    grey = replace(ONE, patch=np.full((8, 8, 3), 128, np.uint8))

    red, _, blue = laid_over(grey)[3, 4].astype(int)
    assert red > blue
    red, _, blue = laid_over(grey)[1, 2].astype(int)
    assert blue > red
    assert shown_values(ONE)[1, 2] == -1
    assert shown_values(ONE)[3, 4] == 0.5


def test_an_empty_map_leaves_the_whole_patch():
    assert np.array_equal(laid_over(replace(ONE, raw=0 * RAW)), PATCH)


def test_a_scale_is_white_at_nothing():
    assert (scale_colours("grad_cam")[0] == 1).all()
    assert (scale_colours("lime")[127:129] > 0.99).all()
    assert scale_colours("lime")[0, 2] > scale_colours("lime")[0, 0]
