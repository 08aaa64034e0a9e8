"""Work done ahead by threads, handed over in order."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

T = TypeVar("T")
R = TypeVar("R")


def ahead(
    work: Callable[[T], R], items: Iterable[T], threads: int, waiting: int | None = None
) -> Generator[R, None, None]:
    """`work` of each item, in order.

    At most `waiting` items, ``2 * threads`` if it is None, are begun beyond the one whose result is
    handed over. With one thread the work is done in this one, when it is asked for. What `work`
    raises is raised where its result would have come; leaving early drops what has not begun.

    Examples
    --------
    >>> list(ahead(abs, [-2, -1, 3], threads=2))
    [2, 1, 3]
    """
    if threads <= 1:
        yield from map(work, items)
        return
    most = 2 * threads if waiting is None else waiting
    begun: deque[Future[R]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="ahead")
    try:
        for item in items:
            begun.append(pool.submit(work, item))
            if len(begun) > most:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
