from __future__ import annotations

import json
import subprocess
import sys

import pytest
from file_limit import largest_file

from common.doctor import attempts

PROGRAM = [sys.executable, "-I", "-S", attempts.__file__]


def tried(folder):
    done = subprocess.run([*PROGRAM, str(folder)], capture_output=True, text=True, check=True)
    return {step.pop("step"): step for step in map(json.loads, done.stdout.splitlines())}


def test_a_folder_that_can_be_written_passes_every_step_and_is_left_as_it_was(tmp_path):
    steps = tried(tmp_path)

    assert [step["found"] for step in steps.values()] == ["works"] * 9
    assert list(steps) == ["place", "room", "make", *attempts.STEPS, "remove"]
    assert steps["room"]["free"] > 0
    assert list(tmp_path.iterdir()) == []


def test_a_disk_where_files_cannot_grow_is_found_by_writing(tmp_path):
    with largest_file(1000):
        steps = tried(tmp_path)

    assert steps["make"]["found"] == "works"
    assert steps["write"]["errno"] == "EFBIG"
    assert steps["remove"]["found"] == "works"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_tried_where_it_will_be(tmp_path):
    steps = tried(tmp_path / "run" / "one")

    assert steps["place"]["there"] == str(tmp_path)
    assert steps["remove"]["found"] == "works"
    assert list(tmp_path.iterdir()) == []


def test_where_no_folder_can_be_made_it_is_told_at_once():
    steps = tried("/proc/no/folder")

    assert steps["make"]["errno"] == "ENOENT"
    assert list(steps) == ["place", "room", "make"]


@pytest.mark.parametrize("name", ["here", "here/below"])
def test_a_file_and_a_link_to_nowhere_are_no_place(tmp_path, name):
    (tmp_path / "file").mkdir()
    (tmp_path / "file" / "here").touch()
    (tmp_path / "link").mkdir()
    (tmp_path / "link" / "here").symlink_to("/no/such")

    file, link = tried(tmp_path / "file" / name), tried(tmp_path / "link" / name)

    assert file["place"]["found"] == f"{tmp_path}/file/here is a file"
    assert link["place"]["found"] == (
        f"{tmp_path}/link/here is a link to /no/such, which is not there"
    )
    assert len(file) == len(link) == 1
