from __future__ import annotations

import json
import subprocess
import sys

from file_limit import largest_file

from common.doctor import attempts

PROGRAM = [sys.executable, "-I", "-S", attempts.__file__]


def tried(folder):
    done = subprocess.run([*PROGRAM, str(folder)], capture_output=True, text=True, check=True)
    return {step.pop("step"): step for step in map(json.loads, done.stdout.splitlines())}


def test_a_folder_that_can_be_written_passes_every_step_and_is_left_as_it_was(tmp_path):
    steps = tried(tmp_path)

    assert [step["found"] for step in steps.values()] == ["works"] * 8
    assert list(steps) == ["room", "make", *attempts.STEPS, "remove"]
    assert steps["room"]["free"] > 0
    assert list(tmp_path.iterdir()) == []


def test_a_disk_where_files_cannot_grow_is_found_by_writing(tmp_path):
    with largest_file(1000):
        steps = tried(tmp_path)

    assert steps["make"]["found"] == "works"
    assert steps["write"]["errno"] == "EFBIG"
    assert steps["remove"]["found"] == "works"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_told():
    steps = tried("/proc/no/folder")

    assert steps["room"]["errno"] == "ENOENT"
    assert steps["make"]["errno"] == "ENOENT"
    assert len(steps) == 2
