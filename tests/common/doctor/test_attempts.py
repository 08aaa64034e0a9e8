from __future__ import annotations

import json
import subprocess

from file_limit import largest_file

from common.doctor import attempts
from common.doctor.child import words_of

PROGRAM = words_of(attempts.__name__, alone=True)


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


def test_a_file_in_the_way_is_told_and_nothing_is_tried(tmp_path):
    (tmp_path / "here").touch()

    steps = tried(tmp_path / "here" / "below")

    assert steps["place"]["found"] == f"{tmp_path}/here is a file"
    assert list(steps) == ["place"]
