from __future__ import annotations

import gc
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiff_variants import Variant, claiming, jpeg, tile_place, write_variant

import common.tile_decoder
import common.tile_reading
from common.resampling import Cut, reduced
from common.tiff_layout import tiled_levels
from common.tile_file import TileFile
from common.tile_reading import TileReading, _pieces, _uses

VARIANT = Variant(tile=(64, 48))
CORNER = st.integers(-300, 700)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return write_variant(tmp_path_factory.mktemp("slide") / "s.tif", VARIANT)


@pytest.fixture(scope="module")
def stored(path):
    return tiled_levels(path, VARIANT.sizes)[0]


@pytest.fixture(scope="module")
def level(stored, path):
    """Every pixel of the level, read in one patch that covers it."""
    patches, _ = reading_of(path, stored, [(0, 0)], 512).read(0, 1)
    return patches[0, :400, :500]


def reading_of(path, stored, corners, size, edge=None):
    xy = np.array(corners, dtype=np.int64).reshape(-1, 2)
    return TileReading(stored, TileFile(path), Cut(0, edge or size, 1.0), xy, size, "reader 1")


def expected(level, x, y, edge):
    """A square of the level, white outside."""
    square = np.full((edge, edge, 3), 255, np.uint8)
    height, width = level.shape[:2]
    top, left, bottom, right = max(y, 0), max(x, 0), min(y + edge, height), min(x + edge, width)
    if top < bottom and left < right:
        square[top - y : bottom - y, left - x : right - x] = level[top:bottom, left:right]
    return square


@given(st.lists(st.tuples(CORNER, CORNER), max_size=5), st.integers(1, 200))
def test_patches_are_the_squares_of_the_level_and_white_outside(path, stored, level, corners, edge):
    patches, readable = reading_of(path, stored, corners, edge).read(0, len(corners))

    assert readable.all()
    for patch, (x, y) in zip(patches, corners, strict=True):
        assert np.array_equal(patch, expected(level, x, y, edge))


@given(st.tuples(CORNER, CORNER), st.integers(1, 60), st.integers(0, 120))
def test_coarser_patches_are_the_squares_reduced_by_area(path, stored, level, corner, size, more):
    patches, _ = reading_of(path, stored, [corner], size, size + more).read(0, 1)

    assert np.array_equal(patches[0], reduced(expected(level, *corner, size + more), (size, size)))


@given(st.lists(st.tuples(CORNER, CORNER), max_size=12), st.integers(1, 300))
def test_the_uses_counted_beforehand_are_those_that_come(stored, corners, edge):
    xy = np.array(corners, dtype=np.int64).reshape(-1, 2)
    counted = np.zeros_like(stored.offsets)
    for x, y in corners:
        for place, _, _ in _pieces(stored, x, y, edge):
            counted[place] += 1

    assert np.array_equal(_uses(stored, xy, edge), counted)


def test_places_far_beyond_the_slide_are_white_and_touch_no_tile(path, stored):
    far = [(10**12, 0), (-(10**12), 5), (0, 10**15)]

    patches, readable = reading_of(path, stored, far, 40).read(0, 3)

    assert (patches == 255).all()
    assert readable.all()


def test_each_tile_is_decoded_once_and_none_is_left(path, stored, monkeypatch):
    decoded = []
    monkeypatch.setattr(
        common.tile_decoder,
        "decode",
        lambda encoded, *_: decoded.append(encoded) or True,
    )
    grid = [(x, y) for y in range(-20, 400, 37) for x in range(-20, 500, 37)]
    reading = reading_of(path, stored, grid, 50)

    for start in range(0, len(grid), 7):
        reading.read(start, min(start + 7, len(grid)))

    assert len(decoded) == stored.offsets.size
    assert len(set(decoded)) == len(decoded)
    assert len(reading._tiles) == 0


@pytest.mark.parametrize("held", [1, 64 * 48 * 3 * 4, 384 << 20])
def test_threads_read_what_one_does_whatever_may_be_held(path, stored, monkeypatch, held):
    grid = [(x, y) for y in range(-20, 400, 23) for x in range(-20, 500, 23)]
    whole, _ = reading_of(path, stored, grid, 50).read(0, len(grid))
    monkeypatch.setattr(common.tile_reading, "HELD_BYTES", held)
    reading = reading_of(path, stored, grid, 50)
    threads, cuts = 8, np.linspace(0, len(grid), 33).astype(int).tolist()
    start = threading.Barrier(threads)

    def work(number):
        start.wait()
        return [(k, reading.read(cuts[k], cuts[k + 1])[0]) for k in range(number, 32, threads)]

    with ThreadPoolExecutor(threads) as pool:
        parts = [part for share in pool.map(work, range(threads)) for part in share]

    assert len(reading._tiles) == 0
    for k, patches in parts:
        assert np.array_equal(patches, whole[cuts[k] : cuts[k + 1]])


def damaged(path, tmp_path, tile, change):
    """A copy of the slide in which the bytes of one tile are changed."""
    level = tiled_levels(path, VARIANT.sizes)[0]
    offset, length = int(level.offsets[tile]), int(level.lengths[tile])
    data = bytearray(path.read_bytes())
    data[offset : offset + length] = change(bytes(data[offset : offset + length]))
    copy = tmp_path / "damaged.tif"
    copy.write_bytes(data)
    return copy


DAMAGES = {
    "zeros": lambda stream: bytes(len(stream)),
    "other bytes": lambda stream: np.random.default_rng(1).bytes(len(stream)),
    "the end lost": lambda stream: stream[: len(stream) // 2].ljust(len(stream), b"\0"),
    "a vast size": lambda stream: claiming(stream, 60_000, 60_000),
    "a smaller size": lambda stream: claiming(stream, 16, 16),
    "another picture": lambda stream: jpeg(np.zeros((8, 8, 3), np.uint8)).ljust(len(stream)),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_tile_spoils_the_patches_that_touch_it_and_no_other(
    path, tmp_path, stored, level, damage
):
    copy = damaged(path, tmp_path, (2, 3), DAMAGES[damage])
    grid = [(x, y) for y in range(0, 400, 40) for x in range(0, 500, 40)]

    patches, readable = reading_of(copy, stored, grid, 40).read(0, len(grid))

    left, top = tile_place(VARIANT, 2 * 8 + 3)
    for patch, whole, (x, y) in zip(patches, readable, grid, strict=True):
        touches = left - 40 < x < left + 64 and top - 40 < y < top + 48
        assert whole == (not touches)
        right = expected(level, x, y, 40)
        if touches:
            rows = slice(max(top - y, 0), max(top + 48 - y, 0))
            right[rows, max(left - x, 0) : max(left + 64 - x, 0)] = 255
        assert np.array_equal(patch, right)


@pytest.mark.parametrize("cut_at", [0.2, 0.5, 0.9])
def test_of_a_file_cut_short_the_tiles_before_the_cut_are_read(path, tmp_path, stored, cut_at):
    end = int(path.stat().st_size * cut_at)
    copy = tmp_path / "short.tif"
    copy.write_bytes(path.read_bytes()[:end])
    places = [tile_place(VARIANT, number) for number in range(stored.offsets.size)]

    _, readable = reading_of(copy, stored, places, 48).read(0, len(places))

    ends = stored.offsets + stored.lengths
    for (x, y), whole in zip(places, readable, strict=True):
        first, last = (y // 48, x // 64), (min(y + 47, 399) // 48, min(x + 47, 499) // 64)
        assert whole == (ends[first] <= end and ends[last] <= end)


@pytest.mark.parametrize(
    ("offset", "length"),
    [
        (2**62, 100),
        (10**7, 100),
        (-5, 100),
        (8, -1),
        (8, 2**40),
        (8, 2**62),
        (2**62, 2**62),
        (0, 1),
    ],
)
def test_a_tile_said_to_lie_outside_the_file_is_unreadable(path, stored, offset, length):
    offsets, lengths = stored.offsets.copy(), stored.lengths.copy()
    offsets[0, 0], lengths[0, 0] = offset, length
    lying = replace(stored, offsets=offsets, lengths=lengths)

    patches, readable = reading_of(path, lying, [(0, 0), (64, 48)], 40).read(0, 2)

    assert readable.tolist() == [False, True]
    assert (patches[0] == 255).all()


def test_a_missing_tile_is_white_and_readable(tmp_path, level):
    variant = replace(VARIANT, missing=frozenset({(0, 0)}))
    path = write_variant(tmp_path / "s.tif", variant)
    stored = tiled_levels(path, variant.sizes)[0]

    patches, readable = reading_of(path, stored, [(0, 0), (64, 48)], 48).read(0, 2)

    assert readable.all()
    assert (patches[0] == 255).all()
    assert np.array_equal(patches[1], expected(level, 64, 48, 48))


def test_a_reading_and_its_tiles_are_gone_with_its_last_user_not_at_the_next_collection(
    path, stored
):
    reading = reading_of(path, stored, [(0, 0), (1, 1)], 40)
    reading.read(0, 1)
    watch = weakref.ref(reading._decoder)
    gc.disable()
    try:
        del reading
        assert watch() is None
    finally:
        gc.enable()
