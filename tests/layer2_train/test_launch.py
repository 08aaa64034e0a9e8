from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from launching import clean
from project import ROOT

from common.errors import ConfigError
from layer2_train import launch
from layer2_train.launch import STALE_S, Launch, alone, at_work

HOLDS = """
import sys, time
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from layer2_train.launch import alone
with alone(Path(sys.argv[2])):
    print("in", flush=True)
    time.sleep(60)
"""
ELSEWHERE = "camnet.node7.00000000.4711.99.0123456789abcdef"


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setattr(launch, "_LOOK_S", 0.01)
    return tmp_path / "run"


@pytest.fixture
def other(run):
    """Another process that trains in the folder."""
    words = [sys.executable, "-c", HOLDS, str(ROOT), str(run)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=clean())
    assert process.stdout is not None
    assert process.stdout.readline() == "in\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def files(run):
    return sorted(path.name for path in run.iterdir())


def left(run, *, age=0.0, number=1, **said):
    """The file of a launch on another node."""
    run.mkdir(exist_ok=True)
    path = run / f".launch-{number}.json"
    values = {"owner": ELSEWHERE, "host": "node7", "pid": "4711", "job": "812"}
    path.write_text(json.dumps(values | said))
    os.utime(path, (time.time() - age,) * 2)
    return path


def enter(run):
    with alone(run):
        pass


def test_a_folder_is_taken_for_as_long_as_it_is_trained_in(run):
    with alone(run):
        (path,) = run.iterdir()
        assert json.loads(path.read_text())["pid"] == str(os.getpid())

    assert files(run) == []


def test_a_folder_is_free_again_after_a_mistake(run):
    with pytest.raises(ZeroDivisionError), alone(run):
        raise ZeroDivisionError

    assert files(run) == []


def test_a_folder_another_process_trains_in_is_refused_by_name(run, other):
    before = files(run)

    with pytest.raises(ConfigError, match=f"at work: host .* pid {other.pid} since .* --out"):
        enter(run)

    assert files(run) == before


def test_what_a_killed_process_left_is_taken_over_at_once(run, other):
    other.kill()
    other.wait()

    with alone(run):
        assert files(run) == [".launch-2.json"]


def test_a_launch_on_another_node_that_is_heard_of_is_refused(run):
    path = left(run, age=100)
    touched = threading.Timer(0.1, os.utime, [path])
    touched.start()

    with pytest.raises(ConfigError, match="host node7 job 812 pid 4711"):
        enter(run)
    assert files(run) == [".launch-1.json"]


def test_a_launch_on_another_node_that_fell_silent_is_taken_over(run):
    left(run, age=STALE_S + 1)
    left(run, age=STALE_S - 0.2, number=4)

    with alone(run):
        assert files(run) == [".launch-5.json"]


def test_a_launch_that_ends_while_it_is_listened_for_is_no_obstacle(run):
    threading.Timer(0.1, left(run).unlink).start()

    with alone(run):
        assert files(run) == [".launch-2.json"]


def test_a_job_that_is_begun_anew_takes_over_from_itself(run, monkeypatch):
    left(run)
    monkeypatch.setenv("SLURM_JOB_ID", "812")
    monkeypatch.setenv("SLURM_RESTART_COUNT", "1")

    with alone(run):
        assert files(run) == [".launch-2.json"]


def test_a_file_without_words_is_one_that_has_just_begun(run):
    path = left(run)
    path.write_text("")
    threading.Timer(0.1, path.write_text, [json.dumps({"host": "node8"})]).start()

    with pytest.raises(ConfigError, match="at work: host node8"):
        enter(run)
    assert str(Launch()) == "one that has just begun"


def test_of_many_that_come_at_once_one_gets_in(run):
    at_once, all_tried = threading.Barrier(8), threading.Barrier(8)
    outcomes = []

    def come():
        at_once.wait()
        try:
            with alone(run):
                outcomes.append("in")
                all_tried.wait()
        except ConfigError:
            outcomes.append("refused")
            all_tried.wait()

    threads = [threading.Thread(target=come) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["in"] + ["refused"] * 7
    assert files(run) == []


def test_who_is_at_work_is_told_without_waiting(run, other):
    launch = at_work(run)

    assert launch is not None
    assert launch.pid == str(other.pid)
    other.kill()
    other.wait()
    assert at_work(run) is None


def test_a_launch_on_another_node_is_at_work_until_it_was_silent_for_long(run):
    left(run, age=STALE_S + 1)
    assert at_work(run) is None

    left(run, number=2, host="node8")
    assert str(at_work(run)).startswith("host node8")


def test_a_launch_is_heard_of_again_and_again(run):
    with alone(run, every=0.01):
        (path,) = run.iterdir()
        os.utime(path, (0, 0))
        while path.stat().st_mtime == 0:
            time.sleep(0.01)


def test_a_folder_that_cannot_be_written_to_is_not_claimed(run, monkeypatch):
    def read_only(*_, **__):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "open", read_only)

    with alone(run):
        assert files(run) == []


def refused(monkeypatch, number):
    """The first launch's file cannot be opened, for this reason."""
    found = Path.open

    def opened(path, mode="r", *rest, **how):
        if path.name == ".launch-1.json" and mode == "r":
            raise OSError(number, os.strerror(number), str(path))
        return found(path, mode, *rest, **how)

    monkeypatch.setattr(Path, "open", opened)


def test_a_launch_that_others_may_not_read_is_listened_for(run, monkeypatch):
    path = left(run, age=100)
    refused(monkeypatch, errno.EACCES)
    threading.Timer(0.1, os.utime, [path]).start()

    with pytest.raises(ConfigError, match=r"at work: .*launch-1\.json cannot be read"):
        enter(run)
    assert str(at_work(run)) == ".launch-1.json cannot be read: Permission denied"


def test_a_silent_launch_that_others_may_not_read_is_taken_over(run, monkeypatch):
    left(run, age=STALE_S + 1)
    refused(monkeypatch, errno.EACCES)

    assert at_work(run) is None
    with alone(run):
        assert files(run) == [".launch-2.json"]


def test_a_file_that_the_server_has_removed_is_of_a_launch_that_has_ended(run, monkeypatch):
    left(run)
    refused(monkeypatch, errno.ESTALE)

    assert at_work(run) is None
    enter(run)


def test_a_file_that_no_server_answers_for_is_told_by_its_name(run, monkeypatch):
    left(run)
    refused(monkeypatch, errno.EIO)

    with pytest.raises(
        ConfigError, match=r"launch-1\.json: expected .* found: Input/output error\."
    ):
        enter(run)
    with pytest.raises(
        ConfigError, match=r"launch-1\.json: expected .* found: Input/output error\."
    ):
        at_work(run)


def test_others_may_read_a_launch_whatever_they_may_read_of_the_rest(run):
    before = os.umask(0o077)
    try:
        with alone(run):
            (path,) = run.iterdir()
            assert path.stat().st_mode & 0o777 == 0o644
    finally:
        os.umask(before)


def test_a_file_system_without_modes_is_no_obstacle(run, monkeypatch):
    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(Path, "chmod", refuse)

    enter(run)


def test_a_full_disk_is_told_by_the_name_of_the_file(run, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.EDQUOT, "Disk quota exceeded")

    monkeypatch.setattr(Path, "open", full)

    with pytest.raises(ConfigError, match=r"launch-1\.json: .*Disk quota exceeded.*make room"):
        enter(run)
