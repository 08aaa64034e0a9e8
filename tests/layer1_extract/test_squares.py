from __future__ import annotations

from contextlib import closing

import numpy as np
import pytest
from patch_headers import header

from common.patch_file.reader import PatchFile
from common.patch_file.writer import open_writer
from layer1_extract.squares import PATCH, squares, with_squares


def written(tmp_path, rows, width, edge=224, method="dense"):
    """A file of locations on a slide of `width` px, of x, y and label."""
    coords = np.array([row[:2] for row in rows], np.int64)
    labels = np.array([row[2] for row in rows], np.int8)
    fraction = np.zeros(len(rows), np.float32)
    sizes = {"level0_width": width, "level0_height": width, "patch_size_level0": edge}
    head = header(**sizes, sampling={"method": method})
    with open_writer(tmp_path / "s.h5", head, "none") as writer:
        writer.append(coords, labels, fraction, fraction, None)
        writer.finish()
    return closing(PatchFile(tmp_path / "s.h5"))


def checkered(size):
    """A picture on which black and white pixels lie side by side."""
    plane = np.indices((size, size)).sum(axis=0) % 2 * 255
    return np.repeat(plane[..., None], 3, axis=2).astype(np.uint8)


def test_tumour_is_drawn_over_what_is_not(tmp_path):
    rows = [(1000, 1000, 1), (1100, 1000, 0), (1000, 1100, -1)]

    with written(tmp_path, rows, 2000) as file:
        drawn = with_squares(np.zeros((1000, 1000, 3), np.uint8), file)

    sides = drawn[500, 500:613], drawn[612, 500:613], drawn[500:613, 500], drawn[500:613, 612]
    assert all((side == PATCH[1]).all() for side in sides)
    assert (drawn == PATCH[0]).all(axis=2).any()
    assert (drawn == PATCH[-1]).all(axis=2).any()


@pytest.mark.parametrize("label", [1, 0, -1])
def test_tissue_is_seen_below_small_squares_side_by_side(tmp_path, label):
    rows = [(224 * x, 224 * y, label) for y in range(100) for x in range(100)]
    picture = checkered(270)  # squares of 2.7 px

    with written(tmp_path, rows, 22_400) as file:
        drawn = with_squares(picture, file).astype(int)

    white, black = drawn[picture[..., 0] == 255], drawn[picture[..., 0] == 0]
    assert len(np.unique(white, axis=0)) == len(np.unique(black, axis=0)) == 1  # tinted once
    assert (white - black >= 100).all()
    assert (black[0] > 0).sum() >= 2


def test_the_smallest_square_on_the_largest_slide_is_seen(tmp_path):
    with written(tmp_path, [(60_000, 60_000, 1)], 120_000) as file:
        assert (squares(file, 176, 176) > 0).sum() == 9


def test_small_squares_that_lie_apart_are_strong(tmp_path):
    picture = np.full((500, 500, 3), 230, np.uint8)
    differ = {}
    for method in ("dense", "random"):
        with written(tmp_path, [(30_000, 30_000, 0)], 100_000, method=method) as file:
            drawn = with_squares(picture, file).astype(int)
        differ[method] = np.abs(drawn - picture).max()

    assert differ["random"] > 2 * differ["dense"] > 0


def test_squares_reach_over_the_edge_of_the_picture_without_harm(tmp_path):
    with written(tmp_path, [(990, 990, 1)], 1000) as file:
        assert squares(file, 500, 500)[495:, 495:].any()
