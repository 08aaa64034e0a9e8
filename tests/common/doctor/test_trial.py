from __future__ import annotations

import pytest
from fake_hosts import fake_host

from common.doctor.child import Told
from common.doctor.trial import locks, not_written, nowhere, written

WORKS = {"found": "works"}
ROOM = {"found": "works", "free": 10**12, "inodes": 10**6}
STEPS = {"place": WORKS, "room": ROOM} | dict.fromkeys(
    ("make", "write", "rename", "link", "flock", "fcntl", "remove"), WORKS
)
HANGS = {"end": "no end within 10 s", "timed_out": True}


def told(changed=None, left_out=(), **how):
    """What was told where the steps end so."""
    steps = STEPS | (changed or {})
    return Told({name: step for name, step in steps.items() if name not in left_out}, **how)


def refused(tmp_path, found):
    return not_written(fake_host(tmp_path), found, tmp_path, "OUT")


def of(tmp_path, found):
    return written(fake_host(tmp_path), found, tmp_path, "OUT")


def test_where_every_step_works_there_is_nothing_against_it(tmp_path):
    assert nowhere(fake_host(tmp_path), told(), tmp_path) is None
    assert refused(tmp_path, told()) is None
    assert of(tmp_path, told()).state == "ok"
    assert of(tmp_path, told()).said == "OUT can be written; 1 TB free, 1,000,000 more files"


def test_another_users_folder_is_told_with_whose_it_is(tmp_path):
    denied = {"make": {"found": "Permission denied", "errno": "EACCES"}}

    said, advice = refused(tmp_path, told(denied))

    assert said == "OUT cannot be written (make: Permission denied)"
    assert f"it belongs to user {tmp_path.stat().st_uid}" in advice


@pytest.mark.parametrize("name", ["make", "write", "rename", "remove"])
def test_a_full_disk_is_told_whatever_step_finds_it(tmp_path, name):
    full = {name: {"found": "No space left on device", "errno": "ENOSPC"}}

    said, advice = refused(tmp_path, told(full))

    assert said == f"OUT cannot be written ({name}: No space left on device)"
    assert advice == "make room, or give another --out"


@pytest.mark.parametrize(("step", "tell"), [("place", nowhere), ("write", not_written)])
def test_a_disk_that_fails_is_not_told_by_whose_it_is(tmp_path, step, tell):
    stale = {step: {"found": "Stale file handle", "errno": "ESTALE"}}
    where = () if tell is nowhere else ("OUT",)

    said, advice = tell(fake_host(tmp_path), told(stale), tmp_path, *where)

    assert "Stale file handle" in said
    assert advice == "is its server there? Give another --out"


def test_little_room_is_told_before_it_is_used_up(tmp_path):
    bytes_left = of(tmp_path, told({"room": ROOM | {"free": 10**6}}))
    files_left = of(tmp_path, told({"room": ROOM | {"inodes": 12}}))
    uncounted = of(tmp_path, told({"room": ROOM | {"inodes": -1}}))

    assert bytes_left.state == "warning"
    assert "12 more files" in files_left.said
    assert uncounted.state == "ok"


def test_a_file_system_that_does_not_tell_its_room_is_not_full(tmp_path):
    refused_to_say = of(tmp_path, told({"room": {"found": "Function not implemented"}}))
    uncounted = of(tmp_path, told({"room": ROOM | {"free": -1}}))

    assert (refused_to_say.state, uncounted.state) == ("ok", "ok")
    assert refused_to_say.said == "OUT can be written; what is free is not told"


def test_results_that_would_stay_inside_a_container_are_told(tmp_path):
    """A folder that was forgotten to be bound can be written as well."""
    own = "1 0 0:1 / / rw - overlay overlay rw\n"
    bound = f"{own}2 1 0:2 / {tmp_path} rw - ext4 /dev/sda1 rw\n"
    docker = {"/.dockerenv": ""}

    def found(name, files):
        return written(fake_host(tmp_path / name, files), told(), tmp_path, "OUT")

    lost = found("lost", docker | {"/proc/self/mountinfo": own})

    assert lost.state == "warning"
    assert lost.said.endswith("; it is part of the container, and goes with it")
    assert "-v FOLDER:/out" in lost.advice
    assert found("kept", docker | {"/proc/self/mountinfo": bound}).state == "ok"
    assert found("bare", {"/proc/self/mountinfo": own}).state == "ok"


def test_a_file_system_without_links_is_usable(tmp_path):
    none = {"link": {"found": "Operation not permitted", "errno": "EPERM"}}

    assert refused(tmp_path, told(none)) is None
    assert of(tmp_path, told(none)).state == "warning"
    assert "no hard links (Operation not permitted)" in of(tmp_path, told(none)).said


def test_a_file_system_without_locks_is_well(tmp_path):
    no_locks = {"found": "No locks available", "errno": "ENOLCK"}
    host = fake_host(tmp_path, HDF5_USE_FILE_LOCKING="FALSE")

    found = locks(host, told({"flock": no_locks, "fcntl": no_locks}))

    assert found.state == "ok"
    assert found.said == (
        "flock No locks available, fcntl No locks available; HDF5_USE_FILE_LOCKING=FALSE; "
        "nothing of ours needs them"
    )


def test_locks_that_hang_do_not_stop_the_work(tmp_path):
    found = told(left_out=("flock", "fcntl", "remove"), **HANGS)

    assert refused(tmp_path, found) is None
    assert locks(fake_host(tmp_path), found).state == "warning"
    assert "HDF5_USE_FILE_LOCKING=FALSE" in locks(fake_host(tmp_path), found).advice


@pytest.mark.parametrize(
    ("untold", "said"),
    [
        (("flock", "fcntl"), "flock hangs, fcntl not tried"),
        (("fcntl",), "flock works, fcntl hangs"),
    ],
)
def test_the_lock_that_hangs_is_named_and_what_is_left_behind(tmp_path, untold, said):
    found = locks(fake_host(tmp_path), told(left_out=(*untold, "remove"), **HANGS))

    assert found.said == said
    assert "remove the .camnet-doctor.* that is left there" in found.advice


@pytest.mark.parametrize(
    "untold", [("link", "flock", "fcntl", "remove"), ("remove",)], ids=["link", "remove"]
)
def test_what_runs_need_and_hangs_stops_the_work(tmp_path, untold):
    """Every run links and removes files, whatever the locks do."""
    said, advice = refused(tmp_path, told(left_out=untold, **HANGS))

    assert said == "OUT cannot be tried, no end within 10 s"
    assert "Remove .camnet-doctor.*" in advice


def test_a_rename_that_hangs_stops_the_work(tmp_path):
    found = told(left_out=("rename", "link", "flock", "fcntl", "remove"), **HANGS)

    said, advice = refused(tmp_path, found)

    assert said == "OUT cannot be tried, no end within 10 s"
    assert "Remove .camnet-doctor.*" in advice


def test_a_program_that_ends_before_its_time_has_tried_nothing(tmp_path):
    found = told(left_out=("flock", "fcntl", "remove"), end="ended by SIGKILL")

    assert refused(tmp_path, found)[0] == "OUT cannot be tried, ended by SIGKILL"
