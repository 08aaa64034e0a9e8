"""Work that another process can be sent."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path


def double(item):
    return 2 * item


def die_on_three(item):
    if item == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return 2 * item


def sleep_after_writing_pid(folder):
    (Path(folder) / str(os.getpid())).touch()
    time.sleep(600)


def wake_parent_once(item):
    if item == 1:
        os.kill(os.getppid(), signal.SIGALRM)
    time.sleep(600)
