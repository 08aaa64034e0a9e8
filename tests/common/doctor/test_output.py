from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from fake_hosts import fake_host, only
from file_limit import largest_file
from small_disk import small_disk

from common.doctor.output import look, where

TELLS = """
import json, time
steps = {steps!r}
for name, more in steps.items():
    print(json.dumps({{"step": name, **more}}), flush=True)
time.sleep(60)
"""
WORKS = {"found": "works"}
ROOM = {"found": "works", "free": 10**12, "inodes": 10**6}


def hanging(tmp_path, *done):
    """What is said where these steps work and the one that follows hangs."""
    steps = {"place": WORKS | {"there": str(tmp_path)}, "room": ROOM}
    steps = {name: steps.get(name, WORKS) for name in done}
    program = sys.executable, "-I", "-S", "-c", TELLS.format(steps=steps)
    return look(fake_host(tmp_path), tmp_path, program=program, seconds=1)


def test_a_folder_that_can_be_written_is_well_and_left_as_it_was(tmp_path):
    found = look(fake_host(tmp_path), tmp_path)

    assert only(found, "file locks").state == "ok"
    assert f"{tmp_path} can be written" in only(found, "output").said
    assert list(tmp_path.iterdir()) == []


def test_a_folder_to_be_made_is_tried_where_it_will_be(tmp_path):
    found = look(fake_host(tmp_path), tmp_path / "run" / "one")

    assert f"{tmp_path / 'run' / 'one'}, to be made in {tmp_path}," in only(found, "output").said
    assert list(tmp_path.iterdir()) == []


def test_what_is_given_from_here_is_not_to_be_made_anew(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run").mkdir()

    found = look(fake_host(tmp_path), Path("run"))

    assert only(found, "output").said.startswith("run can be written")


def test_a_file_is_no_folder_for_results(tmp_path):
    (tmp_path / "run").touch()

    (found,) = look(fake_host(tmp_path), tmp_path / "run")

    assert (found.state, found.said) == ("failed", f"{tmp_path / 'run'} is a file")


def test_a_link_to_nowhere_is_no_folder_for_results(tmp_path):
    (tmp_path / "run").symlink_to("/no/such")

    (found,) = look(fake_host(tmp_path), tmp_path / "run")

    assert found.state == "failed"
    assert found.said == f"{tmp_path / 'run'} is a link to /no/such, which is not there"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look everywhere")
def test_a_folder_below_a_closed_one_is_told(tmp_path):
    (tmp_path / "closed").mkdir(mode=0)

    (found,) = look(fake_host(tmp_path), tmp_path / "closed" / "run")

    assert found.state == "failed"
    assert "could not be looked at: Permission denied" in found.said
    assert "ask its owner" in found.advice


def test_a_folder_that_does_not_even_say_what_it_is_hangs_nobody(tmp_path):
    (found,) = hanging(tmp_path)

    assert found.state == "failed"
    assert "could not be looked at, no end within 1 s" in found.said


def test_a_folder_of_a_container_that_hangs_is_not_asked_by_us(tmp_path):
    bound = f"1 0 0:1 / {tmp_path}/out rw - nfs4 server:/out rw\n"
    host = fake_host(tmp_path, {"/.dockerenv": "", "/proc/self/mountinfo": bound})

    assert where(host, None) == (tmp_path / "out", False)


def test_without_a_folder_given_it_is_that_of_the_container_or_the_current_one(tmp_path):
    files = {"/.dockerenv": "", "/out/a": ""}

    assert where(fake_host(tmp_path / "bare"), None) == (Path.cwd(), False)
    assert where(fake_host(tmp_path / "box", files), None) == (tmp_path / "box" / "out", False)
    assert where(fake_host(tmp_path), tmp_path) == (tmp_path, True)


def test_a_container_that_was_bound_no_folder_says_what_to_bind(tmp_path):
    table = {"/proc/self/mountinfo": "1 0 0:1 / / rw - overlay overlay rw\n"}

    (found,) = look(fake_host(tmp_path, {"/.dockerenv": "", "/out/a": ""} | table), None)

    assert (found.state, found.said) == ("warning", "nothing is bound to /out")
    assert "-v FOLDER:/out" in found.advice


def test_a_full_disk_stops_the_work(tmp_path):
    with small_disk(tmp_path / "disk") as disk:
        (found,) = look(fake_host(tmp_path), disk)

    assert found.state == "failed"
    assert "No space left" in found.said
    assert found.advice.startswith("make room")


def test_files_that_may_not_grow_stop_the_work(tmp_path):
    with largest_file(1000):
        (found,) = look(fake_host(tmp_path), tmp_path)

    assert (found.state, found.advice) == ("failed", "files may not grow: see ulimit -f")


def test_a_folder_of_the_system_stops_the_work_only_if_it_was_asked_for(monkeypatch, tmp_path):
    monkeypatch.chdir("/proc")
    host = fake_host(tmp_path)

    assert look(host, Path("/proc"))[0].state == "failed"
    assert look(host, None)[0].state == "warning"
    assert "no --out was given" in look(host, None)[0].said


def test_locks_that_hang_are_found_and_do_not_hang_us(tmp_path):
    found = hanging(tmp_path, "place", "room", "make", "write", "rename", "link")

    assert only(found, "output").state == "ok"
    assert only(found, "file locks").state == "warning"
    assert "HDF5_USE_FILE_LOCKING=FALSE" in only(found, "file locks").advice


def test_a_file_system_that_does_not_answer_is_told(tmp_path):
    (found,) = hanging(tmp_path, "place", "room")

    assert found.state == "failed"
    assert "no end within 1 s" in found.said
    assert "server" in found.advice
