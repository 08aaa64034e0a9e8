from __future__ import annotations

import os
import signal

import pytest

from common.stopping import STOP_SIGNALS
from layer2_train.preemption import stop_request


@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_a_signal_asks_to_stop_instead_of_ending_the_process(number):
    with stop_request() as stop:
        assert not stop.is_set()
        os.kill(os.getpid(), number)
        assert stop.wait(timeout=5)


def test_what_signals_did_before_is_restored():
    before = [signal.getsignal(number) for number in STOP_SIGNALS]

    with stop_request():
        assert [signal.getsignal(number) for number in STOP_SIGNALS] != before

    assert [signal.getsignal(number) for number in STOP_SIGNALS] == before
