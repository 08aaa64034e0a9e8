"""Doing the next thing's reading while this thing is computed."""

from __future__ import annotations

import queue
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

T = TypeVar("T")
_END: Final = object()
_POLL_S: Final = 0.1


@contextmanager
def read_ahead(items: Iterable[T], depth: int = 4) -> Generator[Iterator[T], None, None]:
    """Go through `items` in a thread of its own, at most `depth` of them ahead.

    What the thread raises is raised where its item would have come. Leaving the context, early or
    not, ends the thread.
    """
    ready: queue.Queue[Any] = queue.Queue(maxsize=depth)
    left = threading.Event()
    thread = threading.Thread(target=_fill, args=(items, ready, left), daemon=True)
    thread.start()
    try:
        yield _drain(ready)
    finally:
        left.set()
        thread.join()


def _fill(items: Iterable[Any], ready: queue.Queue[Any], left: threading.Event) -> None:
    last: Any = _END
    try:
        for item in items:
            if not _put(ready, item, left):
                return
    except BaseException as error:  # noqa: BLE001 - raised again by _drain, in the thread that asked
        last = error
    _put(ready, last, left)


def _put(ready: queue.Queue[Any], item: Any, left: threading.Event) -> bool:
    """Whether `item` was taken before the reader left."""
    while not left.is_set():
        try:
            ready.put(item, timeout=_POLL_S)
        except queue.Full:
            continue
        return True
    return False


def _drain(ready: queue.Queue[Any]) -> Iterator[Any]:
    while True:
        item = ready.get()
        if item is _END:
            return
        if isinstance(item, BaseException):
            raise item
        yield item
