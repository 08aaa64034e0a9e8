from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from common.staging import owners
from common.staging.owners import (
    BUSY_S,
    SILENT_S,
    folders,
    is_alive,
    is_busy,
    is_there,
    own_name,
    owner_of,
)


def test_a_folder_of_this_process_is_alive_and_no_name_comes_twice(tmp_path):
    names = {own_name() for _ in range(50)}

    assert len(names) == 50
    for name in names:
        (tmp_path / name).mkdir(0o700)
    assert all(map(is_alive, folders(tmp_path)))
    assert {path.name for path in folders(tmp_path)} == names


def test_a_folder_of_a_process_that_ended_is_dead(tmp_path):
    call = [sys.executable, "-c", "from common.staging.owners import own_name; print(own_name())"]
    name = subprocess.run(call, check=True, capture_output=True, text=True).stdout.strip()
    (tmp_path / name).mkdir()

    assert not is_alive(tmp_path / name)


def test_a_later_process_of_the_same_number_is_another(tmp_path):
    host, place, pid, start, token = own_name().removeprefix("camnet.").rsplit(".", 4)

    assert int(pid) == os.getpid()
    assert not is_alive(tmp_path / f"camnet.{host}.{place}.{pid}.{int(start) + 1}.{token}")


def test_by_its_name_alone_a_process_is_there_or_not_or_elsewhere(monkeypatch):
    own = own_name()

    assert is_there(own)
    assert is_there("camnet.h.12345678.1.2.notatoken") is False
    monkeypatch.setattr(owners, "_place", lambda: "00000000")
    assert is_there(own) is None


class Hiding:
    """A system that shows a process its own files alone, as with hidepid."""

    def __init__(self, monkeypatch, answer):
        self.read_text, self.answer = Path.read_text, answer
        monkeypatch.setattr(Path, "read_text", lambda path, **how: self.read(path, **how))
        monkeypatch.setattr(os, "kill", self.kill)
        monkeypatch.setattr(os, "access", lambda *_: False)

    def read(self, path, **how):
        if path.name == "stat" and path.parent.name != str(os.getpid()):
            raise FileNotFoundError(path)
        return self.read_text(path, **how)

    def kill(self, pid, signal):
        assert (pid, signal) == (1, 0)
        raise self.answer


@pytest.mark.parametrize(
    ("answer", "there"), [(PermissionError(), None), (ProcessLookupError(), False)]
)
def test_a_process_of_another_user_that_is_hidden_is_not_taken_for_ended(
    monkeypatch, answer, there
):
    name = own_name().split(".")
    name[-3] = "1"
    Hiding(monkeypatch, answer)

    assert is_there(".".join(name)) is there


def test_a_process_of_another_user_that_ended_and_is_shown_to_all_has_ended(monkeypatch):
    name = own_name().split(".")
    name[-3] = "1"
    Hiding(monkeypatch, PermissionError())
    monkeypatch.setattr(os, "access", lambda *_: True)

    assert is_there(".".join(name)) is False


def test_a_number_that_no_process_can_have_is_of_none():
    name = own_name().split(".")
    name[-3] = "9" * 30

    assert is_there(".".join(name)) is False


@pytest.mark.parametrize(("silent_s", "alive"), [(60, True), (SILENT_S + 60, False)])
def test_of_a_process_elsewhere_only_its_last_touch_tells(tmp_path, monkeypatch, silent_s, alive):
    name = own_name()
    (tmp_path / name).mkdir()
    os.utime(tmp_path / name, times=(time.time() - silent_s,) * 2)
    monkeypatch.setattr(owners, "_place", lambda: "00000000")

    assert is_alive(tmp_path / name) is alive


@pytest.mark.parametrize(
    "name", ["camnet", "camnet.a.b", "other", "camnet.h.12345678.1.2.notatoken"]
)
def test_folders_of_others_are_left_alone(tmp_path, name):
    (tmp_path / name).mkdir()

    assert list(folders(tmp_path)) == []
    assert not is_alive(tmp_path / name)


@pytest.mark.parametrize("mode", [0o701, 0o720, 0o1777])
def test_a_folder_others_can_get_into_is_none_of_ours(tmp_path, mode):
    folder = tmp_path / own_name()
    folder.mkdir()
    folder.chmod(mode)

    assert list(folders(tmp_path)) == []


def test_a_folder_of_another_user_is_none_of_ours(tmp_path, monkeypatch):
    (tmp_path / own_name()).mkdir(0o700)
    monkeypatch.setattr(owners.os, "geteuid", lambda: os.getuid() + 1)

    assert list(folders(tmp_path)) == []


def test_a_link_or_a_file_of_such_a_name_is_none_of_ours(tmp_path):
    (tmp_path / "elsewhere").mkdir(0o700)
    (tmp_path / own_name()).symlink_to(tmp_path / "elsewhere")
    (tmp_path / own_name()).touch(0o600)

    assert list(folders(tmp_path)) == []


@pytest.mark.parametrize("place", [None, "00000000"], ids=["here", "elsewhere"])
def test_a_process_is_busy_while_it_touches_its_folder(tmp_path, monkeypatch, place):
    folder = tmp_path / own_name()
    folder.mkdir(0o700)
    if place is not None:
        monkeypatch.setattr(owners, "_place", lambda: place)
    busy = is_busy(folder)
    os.utime(folder, times=(time.time() - BUSY_S - 60,) * 2)

    assert (busy, is_busy(folder), is_alive(folder)) == (True, False, True)


def test_silence_is_told_by_the_clock_of_the_file_system(tmp_path, monkeypatch):
    name = own_name()
    (tmp_path / name).mkdir()
    monkeypatch.setattr(owners, "_place", lambda: "00000000")
    monkeypatch.setattr(time, "time", lambda: (tmp_path / name).stat().st_mtime + 2 * SILENT_S)

    assert is_alive(tmp_path / name)


def test_a_host_name_with_dots_is_read_back(tmp_path, monkeypatch):
    monkeypatch.setattr(owners.socket, "gethostname", lambda: "node1.cluster.example")
    (tmp_path / own_name()).mkdir(0o700)

    assert [is_alive(path) for path in folders(tmp_path)] == [True]
    assert [owner_of(path) for path in folders(tmp_path)] == [
        f"process {os.getpid()} of node1.cluster.example"
    ]


def test_a_folder_that_is_not_there_has_none(tmp_path):
    assert list(folders(tmp_path / "none")) == []
