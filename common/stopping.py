"""Being asked to stop: by a scheduler that wants the machine back, or by a user."""

from __future__ import annotations

import signal
from typing import Final, NoReturn

from common.errors import Interrupted

STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGUSR1)


def stop(number: int, _frame: object = None) -> NoReturn:
    """A signal handler that unwinds the stack, so that half-written files vanish.

    Raises
    ------
    Interrupted
        Always.
    """
    name = signal.Signals(number).name
    raise Interrupted(f"stopped by {name}; the same command goes on from what is finished")
