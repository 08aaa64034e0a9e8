from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.ahead import ahead


@given(items=st.lists(st.integers(), max_size=40), threads=st.integers(1, 4))
def test_results_come_in_the_order_of_the_items(items, threads):
    assert list(ahead(lambda item: item + 1, items, threads)) == [item + 1 for item in items]


def test_no_more_is_done_ahead_than_the_threads_can_soon_use():
    begun = []
    results = ahead(begun.append, range(1000), threads=2)
    next(results)
    results.close()

    assert len(begun) <= 6


@pytest.mark.parametrize("waiting", [0, 1, 3])
def test_no_more_is_begun_than_may_wait(waiting):
    begun = []
    for number, _ in enumerate(ahead(begun.append, range(10), threads=2, waiting=waiting)):
        assert len(begun) <= number + 1 + waiting


def test_an_error_comes_where_its_result_would_have_come():
    results = ahead(lambda item: 1 // item, [1, 0, 1], threads=2)

    assert next(results) == 1
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_with_one_thread_the_work_is_done_by_the_caller():
    assert set(ahead(lambda _: threading.get_ident(), range(3), threads=1)) == {
        threading.get_ident()
    }
