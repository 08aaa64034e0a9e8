from __future__ import annotations

import threading

import pytest

from layer2_train.read_ahead import read_ahead


def test_brings_every_item_in_order():
    with read_ahead(range(100), depth=3) as items:
        assert list(items) == list(range(100))


def test_reads_at_most_so_many_items_ahead():
    asked = threading.Semaphore(0)

    def count():
        for number in range(100):
            asked.release()
            yield number

    with read_ahead(count(), depth=2) as items:
        next(items)
        for _ in range(4):  # one taken, two waiting, one in the thread's hand
            assert asked.acquire(timeout=60)
        assert not asked.acquire(timeout=0.3)


def test_an_error_is_raised_where_its_item_would_have_come():
    def fail():
        yield 1
        raise ValueError("unreadable")

    with read_ahead(fail()) as items:
        assert next(items) == 1
        with pytest.raises(ValueError, match="unreadable"):
            next(items)


def test_leaving_early_ends_the_thread():
    before = set(threading.enumerate())

    with read_ahead(iter(int, 1), depth=1) as items:
        next(items)

    assert set(threading.enumerate()) <= before
