from __future__ import annotations

import signal

import pytest

from common.errors import Interrupted
from common.stopping import STOP_SIGNALS, UNWIND_S, stop, stop_if_asked


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


def test_what_comes_while_it_tidies_up_is_passed_over(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("common.stopping.time.monotonic", lambda: now[0])
    with pytest.raises(Interrupted, match="SIGUSR1"):
        stop(signal.SIGUSR1)

    now[0] += UNWIND_S / 2
    stop(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt):
        stop(signal.SIGINT)

    now[0] += UNWIND_S  # it hangs, or a library swallowed what was raised
    with pytest.raises(Interrupted, match="SIGTERM"):
        stop(signal.SIGTERM)


def test_ctrl_c_stays_what_it_is():
    for ask in (lambda: stop(signal.SIGINT), stop_if_asked):
        with pytest.raises(KeyboardInterrupt):
            ask()
