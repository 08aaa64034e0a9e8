"""Noticing that the scheduler wants the machine back."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Generator

SIGNALS: Final = (signal.SIGTERM, signal.SIGUSR1)


@contextmanager
def stop_request() -> Generator[Event, None, None]:
    """An event that SIGTERM or SIGUSR1 sets, instead of ending the process.

    What the signals did before is restored on leaving.
    """
    asked = Event()
    before = {number: signal.signal(number, lambda *_: asked.set()) for number in SIGNALS}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
