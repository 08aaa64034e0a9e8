from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from common.grid import Grid
from layer3_infer.averaged_map import MapPixels, averaged_rows
from layer3_infer.heatmap import Heatmap
from layer3_infer.map_levels import COARSEST, TILE, LevelSizes, level_tiles


def random_heatmap(rows, columns, stride=10, edge=10):
    rng = np.random.default_rng(0)
    values = rng.random((rows, columns), dtype=np.float32)
    values[rng.random(values.shape) < 0.5] = np.nan
    values[: rows // 3, : columns // 3] = np.nan
    return Heatmap(Grid((0, 0), stride, edge, rows, columns), values)


def levels(heatmap):
    """Each level put together from its tiles."""
    found = []
    shapes = LevelSizes.of(MapPixels.of(heatmap.grid)).shapes
    for (rows, columns), tiles in zip(shapes, level_tiles(heatmap), strict=True):
        across = -(-columns // TILE)
        tiles = list(tiles)
        bands = [np.hstack(tiles[n : n + across]) for n in range(0, len(tiles), across)]
        whole = np.vstack(bands)
        assert np.isnan(whole[rows:]).all()
        assert np.isnan(whole[:, columns:]).all()
        found.append(whole[:rows, :columns])
    return found


@pytest.mark.parametrize("shape", [(300, 700), (1, 513), (129, 128), (600, 5)])
def test_every_level_is_half_the_one_before_until_the_last_is_small(shape):
    sizes = LevelSizes.of(MapPixels.of(random_heatmap(*shape).grid)).shapes

    assert all((2 * r, 2 * c) == finer for finer, (r, c) in pairwise(sizes))
    assert max(sizes[-1]) <= COARSEST
    assert all(
        0 <= size - n < 2 ** (len(sizes) - 1) for size, n in zip(sizes[0], shape, strict=True)
    )


@pytest.mark.parametrize(("stride", "edge"), [(10, 10), (5, 10), (7, 10)])
def test_the_finest_level_is_the_averaged_map(stride, edge):
    heatmap = random_heatmap(300, 270, stride, edge)
    pixels = MapPixels.of(heatmap.grid)

    finest = levels(heatmap)[0]

    expected = averaged_rows(heatmap, 0, pixels.rows)
    assert np.array_equal(finest[: pixels.rows, : pixels.columns], expected, equal_nan=True)
    assert np.isnan(finest[pixels.rows :]).all()


def test_coarser_levels_are_means_over_the_analysed_and_nan_only_where_none_is():
    finest, *coarser = levels(random_heatmap(300, 700))

    for number, level in enumerate(coarser, 1):
        edge = 2**number
        squares = finest.reshape(level.shape[0], edge, level.shape[1], edge)
        count = (~np.isnan(squares)).sum(axis=(1, 3))
        total = np.nansum(squares.astype(np.float64), axis=(1, 3))
        assert np.array_equal(np.isnan(level), count == 0)
        np.testing.assert_allclose(level[count > 0], (total / np.maximum(count, 1))[count > 0])


def test_a_map_without_entries_is_one_pixel_not_analysed():
    heatmap = Heatmap(Grid((0, 0), 10, 10, 0, 0), np.empty((0, 0), np.float32))

    (level,) = levels(heatmap)

    assert level.shape == (1, 1)
    assert np.isnan(level).all()
