from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tiff_variants import Variant, write_variant

from common.tiff_layout import tiled_levels
from common.tile_decoder import TileDecoder
from common.tile_file import TileFile

VARIANT = Variant(tile=(64, 48), missing=frozenset({(0, 1)}))


@pytest.fixture
def path(tmp_path):
    return write_variant(tmp_path / "s.tif", VARIANT)


@pytest.fixture
def stored(path):
    return tiled_levels(path, VARIANT.sizes)[0]


def test_a_tile_is_decoded_whole_past_the_edge_of_the_level_too(path, stored):
    tile = TileDecoder(stored, TileFile(path)).decoded((8, 7))

    assert (tile.shape, tile.dtype) == ((48, 64, 3), np.uint8)
    assert tile.std() > 1


def test_a_tile_the_file_does_not_have_is_white(path, stored):
    assert (TileDecoder(stored, TileFile(path)).decoded((0, 1)) == 255).all()


@pytest.mark.parametrize("place", [(0, 0), (0, 1), (8, 7)])
def test_in_the_memory_of_a_used_tile_the_next_is_itself(path, stored, place):
    decoder = TileDecoder(stored, TileFile(path))
    expected = decoder.decoded(place).copy()
    used = np.full((48, 64, 3), 7, np.uint8)
    decoder.reuse(used)

    tile = decoder.decoded(place)

    assert tile is used
    assert np.array_equal(tile, expected)


def test_a_tile_that_takes_far_more_bytes_than_its_pixels_does_not_decode(path, stored, tmp_path):
    copy = tmp_path / "long.tif"
    copy.write_bytes(path.read_bytes() + bytes(4 << 20))
    lengths = stored.lengths.copy()
    lengths[0, 0] = 3 << 20
    decoder = TileDecoder(replace(stored, lengths=lengths), TileFile(copy))

    assert decoder.decoded((0, 0)) is None
    assert decoder.decoded((1, 0)) is not None


@pytest.mark.parametrize(
    ("offset", "length"),
    [(2**62, 100), (10**7, 100), (-5, 100), (8, -1), (8, 2**40), (2**62, 2**62), (0, 1)],
)
def test_a_tile_said_to_lie_outside_the_file_does_not_decode(path, stored, offset, length):
    offsets, lengths = stored.offsets.copy(), stored.lengths.copy()
    offsets[0, 0], lengths[0, 0] = offset, length

    lying = TileDecoder(replace(stored, offsets=offsets, lengths=lengths), TileFile(path))

    assert lying.decoded((0, 0)) is None
