"""The clock that tells when files were written, which may stand still for a while."""

from __future__ import annotations

import time

from common.files import clock_of


def tick(folder):
    """Wait until what is written in a folder is later than all that was written there before."""
    before = clock_of(folder)
    while clock_of(folder) <= before:
        time.sleep(0.001)
