from __future__ import annotations

import os
import stat

import pytest
from fake_hosts import fake_host

from common.doctor.ownership import permission

PLAIN = "         0          0 4294967295\n"
DOCKER = {"/.dockerenv": "", "/proc/self/uid_map": PLAIN}


@pytest.fixture
def file(tmp_path):
    made = tmp_path / "folder" / "a.tif"
    made.parent.mkdir()
    made.touch(mode=0o600)
    return made


def rootless(owner, user=0):
    """The users of a container without root: the file's owner, who started it, is `user` there."""
    return {"/proc/self/uid_map": f"{user} {owner} 1\n{user + 1} 100000 65536\n"}


def test_whose_it_is_and_who_we_are_is_told(tmp_path, file):
    owner = file.stat()

    said = permission(fake_host(tmp_path, uid=owner.st_uid + 1), file, "ask for chmod o+r")

    assert said == (
        f"it belongs to user {owner.st_uid} and group {owner.st_gid}, mode 600, "
        f"we are user {owner.st_uid + 1}: ask for chmod o+r"
    )


def test_a_container_may_be_started_as_its_owner(tmp_path, file):
    owner = file.stat()
    host = fake_host(tmp_path, DOCKER, uid=owner.st_uid + 1)

    assert permission(host, file, "ask").endswith(
        f": ask, or start with --user {owner.st_uid}:{owner.st_gid}"
    )


def test_what_a_group_may_do_is_no_reason_to_start_as_the_owner(tmp_path, file):
    file.chmod(0o640)
    owner = file.stat()
    host = fake_host(tmp_path, DOCKER, uid=owner.st_uid + 1)

    assert permission(host, file, "ask").endswith(
        f": ask, or start with --group-add {owner.st_gid} if you are of that group"
    )
    assert "--user" in permission(host, file, "ask", right=stat.S_IWGRP)


def test_podman_without_root_is_told_to_keep_the_user_who_starts_it(tmp_path, file):
    owner = file.stat().st_uid
    host = fake_host(tmp_path, rootless(1001, user=owner), uid=owner + 1, container="podman")

    assert permission(host, file, "ask").endswith(
        ": ask, or start with --userns=keep-id: it is yours, and you are another in here"
    )


def test_docker_without_root_has_the_user_who_starts_it_for_root(tmp_path, file):
    owner = file.stat()
    files = {"/.dockerenv": "", **rootless(1001, user=owner.st_uid)}
    host = fake_host(tmp_path, files, uid=owner.st_uid + 1)

    assert f"or start with --user {owner.st_uid}:{owner.st_gid}" in permission(host, file, "ask")


def test_what_a_container_of_another_user_left_is_taken_back_from_outside(tmp_path, file):
    owner = file.stat().st_uid
    me = owner + 1
    host = fake_host(tmp_path, rootless(0, user=me), uid=me, container="podman")

    said = permission(host, file, "ask")

    assert "keep-id" not in said
    assert said.endswith(", or take it back, outside: podman unshare chown -R 0:0 FOLDER")


def test_no_start_as_somebody_whom_the_container_does_not_know_is_advised(
    tmp_path, file, monkeypatch
):
    stranger = os.stat_result((0o100640, 0, 0, 1, 65534, 65534, 0, 0, 0, 0))
    monkeypatch.setattr(type(file), "stat", lambda _: stranger)
    host = fake_host(tmp_path, rootless(1001), uid=1000, container="podman")

    read = permission(host, file, "ask")
    written = permission(host, file, "ask", right=stat.S_IWGRP)

    assert "--user" not in read
    known = "we are user 1000: ask (65534 is anybody this container does not know"
    assert read.endswith(
        f"{known}; with --group-add keep-groups it has your groups: podman with crun)"
    )
    assert written.endswith(f"{known})")


def test_of_what_cannot_even_be_looked_at_the_folder_is_told(tmp_path, file):
    host = fake_host(tmp_path)

    assert permission(host, file.parent / "none", "ask its owner").startswith(
        f"its folder {file.parent} belongs to user "
    )
