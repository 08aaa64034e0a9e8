from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from project import ROOT
from small_work import die_on_three, double, sleep

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
    deadline = time.monotonic() + 60
    while len(list(tmp_path.glob("*"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    children = [Path(f"/proc/{path.name}") for path in tmp_path.glob("*")]

    parent.kill()
    parent.wait()

    while any(map(runs, children)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(children) == 2
    assert not any(map(runs, children))


def test_a_signal_to_all_processes_stops_them_without_a_traceback(tmp_path):
    """As schedulers send it before the time is up: the one that counts semaphores gets it too."""
    parent = subprocess.Popen(
        [sys.executable, "-c", STOPPED.format(folder=str(tmp_path))],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while len(list(tmp_path.glob("*"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)

    os.killpg(parent.pid, signal.SIGUSR1)
    _, said = parent.communicate(timeout=60)

    assert parent.returncode == Interrupted.exit_status
    assert "Traceback" not in said
    assert "resource_tracker" not in said


def runs(process):
    """Whether the process of this folder of /proc is there and no zombie."""
    try:
        return "State:\tZ" not in (process / "status").read_text()
    except OSError:
        return False


def test_leaving_early_ends_the_processes():
    def stop_at_once():
        def alarm(*_):
            raise KeyboardInterrupt

        before = signal.signal(signal.SIGALRM, alarm)
        signal.setitimer(signal.ITIMER_REAL, 2)
        try:
            list(spread(sleep, [1, 2], 2, died=str))
        finally:
            signal.signal(signal.SIGALRM, before)

    with pytest.raises(KeyboardInterrupt):
        stop_at_once()

    deadline = time.monotonic() + 10  # the pool's own thread may be the one that reaps them
    while multiprocessing.active_children() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert multiprocessing.active_children() == []
