from __future__ import annotations

import os
import signal

import pytest

from layer2_train.preemption import SIGNALS, stop_request


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_asks_to_stop_instead_of_ending_the_process(number):
    with stop_request() as stop:
        assert not stop.is_set()
        os.kill(os.getpid(), number)
        assert stop.wait(timeout=5)


def test_what_signals_did_before_is_restored():
    before = [signal.getsignal(number) for number in SIGNALS]

    with stop_request():
        assert [signal.getsignal(number) for number in SIGNALS] != before

    assert [signal.getsignal(number) for number in SIGNALS] == before
