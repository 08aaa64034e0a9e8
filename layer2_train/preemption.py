"""Noticing that the scheduler wants the machine back."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING

from common.stopping import STOP_SIGNALS

if TYPE_CHECKING:
    from collections.abc import Generator


@contextmanager
def stop_request() -> Generator[Event, None, None]:
    """An event that SIGTERM or SIGUSR1 sets, instead of ending the process.

    What the signals did before is restored on leaving.
    """
    asked = Event()
    before = {n: signal.signal(n, lambda *_: asked.set()) for n in STOP_SIGNALS}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
