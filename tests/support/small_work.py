"""Work that another process can be sent."""

from __future__ import annotations

import os
import signal
import time


def double(item):
    return 2 * item


def die_on_three(item):
    if item == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return 2 * item


def sleep(item):
    time.sleep(60)
    return item
