from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.tile_store import TileStore

THREADS = 8


class Decoder:
    """Tiles that hold their own place; counts how often each was decoded."""

    def __init__(self, *, broken=frozenset()):
        self.decoded = []
        self.broken = broken

    def __call__(self, place):
        self.decoded.append(place)
        return None if place in self.broken else np.full((2, 2, 3), 10 * place[0] + place[1], "u1")


def store_of(decoder, uses, capacity=100):
    return TileStore(decoder, np.array(uses, dtype=np.int64), capacity)


def at_once(work, count=THREADS):
    """Results of `work(number)` in threads that all begin together."""
    start = threading.Barrier(count)

    def begin(number):
        start.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return [future.result() for future in [pool.submit(begin, i) for i in range(count)]]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), max_size=40), st.integers(1, 12))
def test_no_more_tiles_are_held_than_the_capacity_and_none_after_the_last_use(places, capacity):
    uses = np.zeros((3, 4), dtype=np.int64)
    for place in places:
        uses[place] += 1
    store = TileStore(Decoder(), uses, capacity)

    for place in places:
        assert (store.get(place) == 10 * place[0] + place[1]).all()
        assert len(store) <= capacity
        store.release(place)

    assert len(store) == 0


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), max_size=40))
def test_with_room_enough_each_tile_is_decoded_once(places):
    uses = np.zeros((3, 4), dtype=np.int64)
    for place in places:
        uses[place] += 1
    decoder = Decoder()
    store = TileStore(decoder, uses, 12)

    for place in places:
        store.get(place)
        store.release(place)

    assert sorted(decoder.decoded) == sorted(set(places))


def test_threads_that_ask_together_share_one_decoding():
    decoder = Decoder()
    store = store_of(decoder, [[THREADS]])

    tiles = at_once(lambda _: store.get((0, 0)))

    assert decoder.decoded == [(0, 0)]
    assert all(tile is tiles[0] for tile in tiles)


def test_a_tile_is_handed_back_by_the_last_of_its_uses_alone():
    store = store_of(Decoder(), [[THREADS]])
    tile = store.get((0, 0))
    for _ in range(THREADS - 1):
        store.get((0, 0))

    handed = [store.release((0, 0)) for _ in range(THREADS)]

    assert handed[:-1] == [None] * (THREADS - 1)
    assert handed[-1] is tile


def test_a_tile_still_being_read_is_not_handed_back_though_its_uses_were_miscounted():
    store = store_of(Decoder(), [[1]])
    store.get((0, 0))
    reader = store.get((0, 0))

    assert store.release((0, 0)) is None
    assert store.release((0, 0)) is reader


def test_a_tile_that_does_not_decode_is_none_for_everyone_and_tried_once():
    decoder = Decoder(broken={(0, 1)})
    store = store_of(decoder, [[0, THREADS]])

    assert at_once(lambda _: store.get((0, 1))) == [None] * THREADS
    assert decoder.decoded == [(0, 1)]
    assert [store.release((0, 1)) for _ in range(THREADS)] == [None] * THREADS
    assert len(store) == 0


def test_an_error_reaches_every_thread_that_waits_for_the_tile():
    attempts = []

    def decode(place):
        attempts.append(place)
        while store._readers[place] < THREADS:
            time.sleep(0.001)
        raise MemoryError("no room")

    store = store_of(decode, [[THREADS]])

    def ask(_number):
        with pytest.raises(MemoryError, match="no room"):
            store.get((0, 0))
        return True

    assert all(at_once(ask))
    assert len(attempts) == 1
    assert len(store) == 0


def test_after_an_error_the_tile_may_be_asked_for_again():
    attempts = []

    def decode(_place):
        attempts.append(1)
        if len(attempts) == 1:
            raise MemoryError("no room")
        return np.zeros((1, 1, 3), np.uint8)

    store = store_of(decode, [[1]])
    with pytest.raises(MemoryError):
        store.get((0, 0))

    assert store.get((0, 0)) is not None
    assert store.release((0, 0)) is not None
    assert len(store) == 0


@pytest.mark.parametrize("capacity", [1, 3, 100])
def test_many_threads_read_right_tiles_at_any_capacity_and_leave_none(capacity):
    shape, rounds = (6, 7), 30
    uses = np.zeros(shape, dtype=np.int64)
    walks = np.random.default_rng(0).integers(0, 42, (THREADS, rounds))
    for number in walks.ravel():
        uses[divmod(number, 7)] += 1
    store = TileStore(Decoder(), uses, capacity)
    spare = []

    def walk(thread):
        for number in walks[thread]:
            row, column = divmod(int(number), 7)
            tile = store.get((row, column))
            if not (tile == 10 * row + column).all() or len(store) > capacity:
                return False
            over = store.release((row, column))
            if over is not None:
                over.fill(255)  # as the next tile would
                spare.append(over)
        return True

    assert all(at_once(walk))
    assert len(store) == 0
    assert len({id(tile) for tile in spare}) == len(spare)
