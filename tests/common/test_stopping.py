from __future__ import annotations

import signal

import pytest

from common.errors import Interrupted
from common.stopping import STOP_SIGNALS, stop


@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_a_signal_unwinds_and_says_that_the_same_command_goes_on(number):
    with pytest.raises(Interrupted, match=f"{signal.Signals(number).name}; the same command"):
        stop(number)
