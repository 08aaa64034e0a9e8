from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from fakes import FakeSlide
from heatmap_headers import HEADER

from common.geometry import Pyramid
from common.grid import Grid
from layer3_infer.heatmap import Heatmap
from layer3_infer.heatmap_file import HeatmapFile
from layer3_infer.sheet import CELL
from layer3_infer.top_patches import write_top_patches


def by_place(x, y):
    """Each 100 px column of the slide has its own grey."""
    return np.repeat((20 * (x // 100) + 30)[..., None], 3, axis=-1)


SLIDE = FakeSlide(Pyramid(((800, 100),), 0.5), by_place, slide_id="a")


def shown(tmp_path, values):
    heatmap = Heatmap(Grid((0, 0), 100, 100, 1, 8), np.array([values], np.float32))
    header = replace(HEADER, patch_size=100, patch_mpp=0.5)
    write_top_patches(tmp_path / "a.png", SLIDE, HeatmapFile(header, heatmap))
    return cv2.imread(str(tmp_path / "a.png"))


def test_the_patches_are_read_where_the_heatmap_is_highest_highest_first(tmp_path):
    page = shown(tmp_path, [0.1, 0.9, np.nan, 0.3, 0.8, 0.2, 0.7, 0.6])

    middles = page[62 + CELL // 2, 20 + CELL // 2 :: CELL + 14][:6]
    assert middles.tolist() == [[20 * column + 30] * 3 for column in (1, 4, 6, 7, 3, 5)]


def test_a_patch_that_is_nearly_certain_is_not_called_certain(tmp_path):
    certain, nearly = shown(tmp_path, [1.0] * 8), shown(tmp_path, [0.9999] * 8)

    assert not np.array_equal(certain, nearly)


def test_a_slide_with_nothing_analysed_has_a_page_that_says_so(tmp_path):
    page = shown(tmp_path, [np.nan] * 8)

    assert (page[62 : 62 + CELL] < 128).any()
