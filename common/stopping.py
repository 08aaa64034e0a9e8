"""Being asked to stop: by a scheduler that wants the machine back, or by a user."""

from __future__ import annotations

import signal
import time
from typing import Final, NoReturn

from common.errors import Interrupted

STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGUSR1)
UNWIND_S: Final = 5.0
"""How long what was asked to stop has for tidying up."""

_heard: Final[list[tuple[int, float]]] = []


def stop(number: int, _frame: object = None) -> None:
    """A signal handler that unwinds the stack, so that half-written files vanish.

    Schedulers send several signals at once: what follows the first within `UNWIND_S` would cut the
    unwinding short, and is passed over. Not SIGINT: who presses Ctrl-C again means it.

    Raises
    ------
    Interrupted
        KeyboardInterrupt instead for SIGINT.
    """
    now = time.monotonic()
    if number != signal.SIGINT and _heard and now - _heard[-1][1] < UNWIND_S:
        return
    _heard.append((number, now))
    _unwind(number)


def stop_if_asked() -> None:
    """Raise what `stop` raised once more.

    A signal that arrives while a library is at work can come out of it as another error, or not at
    all: whoever is about to take an error for what it seems, or to begin something, asks here.

    Raises
    ------
    Interrupted or KeyboardInterrupt
        If this process was asked to stop.
    """
    if _heard:
        _unwind(_heard[0][0])


def _unwind(number: int) -> NoReturn:
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    name = signal.Signals(number).name
    raise Interrupted(f"stopped by {name}; the same command goes on from what is finished")
