"""Slides spread over processes: a process that dies takes its slide with it, and no other."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, NoReturn, TypeVar

from common.errors import Interrupted
from common.stopping import STOP_SIGNALS, UNWIND_S, stop

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

T = TypeVar("T")
R = TypeVar("R")


def spread(
    work: Callable[[T], R], items: Sequence[T], workers: int, died: Callable[[T], R]
) -> Iterator[R]:
    """`work` of each item, as they end.

    When a process dies, from lack of memory or in a decoder, the items not done are tried again,
    each in a process of its own.

    Parameters
    ----------
    work : callable
        Can be sent to another process.
    items : sequence
    workers : int
        Processes; with 1 the work is done in this one.
    died : callable
        What to give for an item whose own process died.
    """
    if workers <= 1 or not items:
        yield from map(work, items)
        return
    left = list(items)
    for place, result in _results(work, left, min(workers, len(left))):
        left[place] = None  # type: ignore[call-overload]
        yield result
    for item in filter(None, left):
        alone = [result for _, result in _results(work, [item], 1)]
        yield from alone or [died(item)]


def _results(work: Callable[[T], R], items: Sequence[T], workers: int) -> Iterator[tuple[int, R]]:
    """Places and results, as they end, until a process dies."""
    with _pool(workers) as pool:
        places = {
            pool.submit(_unless_stopped, work, item): place for place, item in enumerate(items)
        }
        for future in as_completed(places):
            try:
                result = future.result()
            except BrokenProcessPool:
                return
            yield places[future], result


@contextmanager
def _pool(workers: int) -> Generator[ProcessPoolExecutor, None, None]:
    """Fresh processes, since forked ones would share handles; they end with the work."""
    _start_tracker()
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, initializer=_listen)
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        _end_children()
        raise
    pool.shutdown()


def _start_tracker() -> None:
    """Start the process that Python counts semaphores with, deaf to signals that stop a run.

    It would die of what a scheduler sends to all processes, and complain of what it no longer
    knows. It ends with the last process it counts for.
    """
    with _deaf():
        resource_tracker.ensure_running()


@contextmanager
def _deaf() -> Generator[None, None, None]:
    """What is started meanwhile, a process or a thread, is not reached by `STOP_SIGNALS`."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _listen() -> None:
    """Unwind when asked to stop, so that half-written files vanish; or when left alone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that waits for us will ask us
    _heed(_leave)
    with _deaf():  # or the thread may get the signal, and the work not wake up
        threading.Thread(target=_follow, daemon=True).start()


def _heed(handler: Callable[[int, object], None]) -> None:
    for number in STOP_SIGNALS:
        signal.signal(number, handler)


def _leave(_number: int, _frame: object) -> NoReturn:
    """End a process that has nothing to unwind, without a word."""
    raise SystemExit(Interrupted.exit_status)


def _stop_once(number: int, _frame: object = None) -> None:
    """Heed the first signal alone: another would cut the unwinding short."""
    _heed(_pass_over)
    stop(number)


def _pass_over(_number: int, _frame: object) -> None:
    """A handler of its own, since Python complains of a signal ignored when it is on its way."""


def _unless_stopped(work: Callable[[T], R], item: T) -> R:
    """`work` of `item`; a process that was asked to stop begins nothing more."""
    if signal.getsignal(STOP_SIGNALS[0]) is _pass_over:
        raise Interrupted("stopped before it began")
    _heed(_stop_once)
    try:
        return work(item)
    finally:
        if signal.getsignal(STOP_SIGNALS[0]) is _stop_once:
            _heed(_leave)


def _follow() -> None:
    """Stop this process when the one that started it was killed: nobody else would end it."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(UNWIND_S)
    os._exit(Interrupted.exit_status)


def _end_children() -> None:
    """All have the same moment until they are killed: one that hangs costs it once."""
    children = multiprocessing.active_children()
    for child in children:
        child.terminate()
    end = time.monotonic() + UNWIND_S
    for child in children:
        child.join(max(0.0, end - time.monotonic()))
        child.kill()
        child.join()
