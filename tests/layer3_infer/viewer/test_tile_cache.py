from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layer3_infer.viewer.tile_cache import TileCache


@given(sizes=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 60)), max_size=60))
def test_never_holds_more_than_it_may(sizes):
    cache = TileCache(100)

    for key, size in sizes:
        cache.get((key, size), lambda size=size: bytes(size))
        assert cache.held <= 100


def test_what_was_used_lately_is_not_made_again():
    cache, made = TileCache(20), []

    def tile(key):
        return cache.get(key, lambda: made.append(key) or bytes(10))

    for key in "abacab":
        tile(key)

    assert made == ["a", "b", "c", "b"]


def test_a_tile_that_alone_is_too_large_is_given_and_not_kept():
    cache = TileCache(5)

    assert cache.get("a", lambda: bytes(10)) == bytes(10)
    assert cache.held == 0


def test_a_tile_that_cannot_be_made_leaves_nothing():
    cache = TileCache(5)

    with pytest.raises(ZeroDivisionError):
        cache.get("a", lambda: bytes(1 // 0))
    assert cache.get("a", lambda: b"x") == b"x"


def test_threads_may_share_it():
    cache = TileCache(1000)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: cache.get(i % 30, lambda: bytes(50)), range(2000)))

    assert cache.held <= 1000
    assert cache.held == 50 * len(cache._tiles)
