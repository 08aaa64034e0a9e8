"""Waiting for what comes when it comes; a busy machine may take its time."""

from __future__ import annotations

import time

LIMIT_S = 300


def until(condition, why="it did not come", every=0.01):
    """What a condition gives, as soon as that is something."""
    limit = time.monotonic() + LIMIT_S
    while not (found := condition()):
        assert time.monotonic() < limit, why
        time.sleep(every)
    return found
