"""Work that kills its own process at one slide, as a lack of memory would."""

from __future__ import annotations

import os
import signal

from layer3_infer.spreading import Analysing

DEADLY = "pink"


class Killing(Analysing):
    """Dies of the slide `DEADLY`."""

    def __call__(self, units):
        if any(unit.entry.slide_id == DEADLY for unit in units):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__call__(units)
