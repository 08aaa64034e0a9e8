from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from common.staging import owners
from common.staging.owners import SILENT_S, folders, is_alive, own_name


def test_a_folder_of_this_process_is_alive_and_no_name_comes_twice(tmp_path):
    names = {own_name() for _ in range(50)}

    assert len(names) == 50
    for name in names:
        (tmp_path / name).mkdir()
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


def test_a_host_name_with_dots_is_read_back(tmp_path, monkeypatch):
    monkeypatch.setattr(owners.socket, "gethostname", lambda: "node1.cluster.example")
    (tmp_path / own_name()).mkdir()

    assert [is_alive(path) for path in folders(tmp_path)] == [True]


def test_a_folder_that_is_not_there_has_none(tmp_path):
    assert list(folders(tmp_path / "none")) == []
