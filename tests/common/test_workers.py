from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys

import pytest
from halting import state
from project import ROOT
from small_work import die_on_three, double, wake_parent_once
from waiting import LIMIT_S, until

from common.errors import Interrupted
from common.workers import spread

STOPPED = """
import signal, sys
from small_work import sleep_after_writing_pid as work
from common.errors import Interrupted
from common.stopping import STOP_SIGNALS, stop
from common.workers import spread

for number in STOP_SIGNALS:
    signal.signal(number, stop)
try:
    list(spread(work, [{folder!r}] * 4, 2, died=str))
except Interrupted as error:
    sys.exit(error.exit_status)
"""


@pytest.fixture(autouse=True)
def findable(monkeypatch):
    """Let fresh processes find the module the work is in."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "tests" / "support"))


@pytest.mark.parametrize("workers", [1, 2])
def test_every_item_is_done_once(workers):
    assert sorted(spread(double, [1, 2, 3, 4], workers, died=str)) == [2, 4, 6, 8]
    assert list(spread(double, [], workers, died=str)) == []


def test_a_process_that_dies_takes_its_own_item_alone():
    results = list(spread(die_on_three, [1, 2, 3, 4, 5], 2, died=lambda item: f"{item} died"))

    assert sorted(map(str, results)) == ["10", "2", "3 died", "4", "8"]


def test_processes_whose_parent_is_killed_end_too(tmp_path):
    script = "from small_work import sleep_after_writing_pid as work\n"
    script += "from common.workers import spread\n"
    script += f"list(spread(work, [{str(tmp_path)!r}] * 2, 2, died=str))\n"
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT)
    until(lambda: len(list(tmp_path.glob("*"))) == 2)
    children = [int(path.name) for path in tmp_path.glob("*")]

    parent.kill()
    parent.wait()

    until(lambda: all(state(child) in {"", "Z"} for child in children))


def test_a_signal_to_all_processes_stops_them_without_a_traceback(tmp_path):
    """As schedulers send it before the time is up: the one that counts semaphores gets it too."""
    parent = subprocess.Popen(
        [sys.executable, "-c", STOPPED.format(folder=str(tmp_path))],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    until(lambda: len(list(tmp_path.glob("*"))) == 2)

    os.killpg(parent.pid, signal.SIGUSR1)
    _, said = parent.communicate(timeout=LIMIT_S)

    assert parent.returncode == Interrupted.exit_status
    assert "Traceback" not in said
    assert "resource_tracker" not in said


def test_leaving_early_ends_the_processes():
    def stop_at_once():
        def alarm(*_):
            raise KeyboardInterrupt

        before = signal.signal(signal.SIGALRM, alarm)
        try:
            list(spread(wake_parent_once, [1, 2], 2, died=str))
        finally:
            signal.signal(signal.SIGALRM, before)

    with pytest.raises(KeyboardInterrupt):
        stop_at_once()

    # the pool's own thread may be the one that reaps them
    until(lambda: multiprocessing.active_children() == [])
