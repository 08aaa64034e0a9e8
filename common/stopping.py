"""Being asked to stop: by a scheduler that wants the machine back, or by a user."""

from __future__ import annotations

import signal
from typing import Final, NoReturn

from common.errors import Interrupted

STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGUSR1)
_heard: Final[list[int]] = []


def stop(number: int, _frame: object = None) -> NoReturn:
    """A signal handler that unwinds the stack, so that half-written files vanish.

    Raises
    ------
    Interrupted
        Always; KeyboardInterrupt instead for SIGINT.
    """
    _heard.append(number)
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
        _unwind(_heard[0])


def _unwind(number: int) -> NoReturn:
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    name = signal.Signals(number).name
    raise Interrupted(f"stopped by {name}; the same command goes on from what is finished")
