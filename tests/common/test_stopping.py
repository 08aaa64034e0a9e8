from __future__ import annotations

import signal

import pytest

from common.errors import Interrupted
from common.stopping import STOP_SIGNALS, stop, stop_if_asked


@pytest.fixture(autouse=True)
def nothing_heard(monkeypatch):
    monkeypatch.setattr("common.stopping._heard", [])


@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_a_signal_unwinds_and_says_that_the_same_command_goes_on(number):
    with pytest.raises(Interrupted, match=f"{signal.Signals(number).name}; the same command"):
        stop(number)


def test_what_a_library_made_of_it_is_undone_by_asking():
    stop_if_asked()
    with pytest.raises(Interrupted):
        stop(signal.SIGTERM)

    with pytest.raises(Interrupted, match="SIGTERM"):
        stop_if_asked()


def test_ctrl_c_stays_what_it_is():
    for ask in (lambda: stop(signal.SIGINT), stop_if_asked):
        with pytest.raises(KeyboardInterrupt):
            ask()
