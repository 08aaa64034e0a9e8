"""Whose a file or folder is, and as whom a container could be started to be let in."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Final

from common.doctor.container import container

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from common.doctor.host import Host

_UNKNOWN: Final = 65534
"""Linux shows this user where a container has no number for the true one."""


def permission(host: Host, path: Path, ask: str, *, right: int = stat.S_IRGRP) -> str:
    """Whose `path` is and who we are, and what to do.

    Parameters
    ----------
    host : Host
    path : Path
        Where it cannot be looked at, the nearest folder around it is told of.
    ask : str
        What its owner could do.
    right : int
        The bit of its mode by which its group may do what we may not.
    """
    place, owner = _seen(path)
    which = "it" if place == path else f"its folder {place}"
    theirs = f"user {owner.st_uid} and group {owner.st_gid}, mode {owner.st_mode & 0o7777:o}"
    said = f"{which} belongs to {theirs}, we are user {host.uid}: {ask}"
    if container(host) not in {"docker", "podman"} or owner.st_uid == host.uid:
        return said
    return f"{said}{_otherwise(host, owner, by_group=bool(owner.st_mode & right))}"


def _seen(path: Path) -> tuple[Path, os.stat_result]:
    """What can be looked at: the path, else the nearest folder around it."""
    whole = path.absolute()
    for place in (path, *whole.parents[:-1]):
        try:
            return place, place.stat()
        except OSError:
            continue
    return whole.parents[-1], whole.parents[-1].stat()


def _otherwise(host: Host, owner: os.stat_result, *, by_group: bool) -> str:
    """As whom to start a container, where what it sees is not its user's."""
    users = _users(host)
    if users and owner.st_uid == _UNKNOWN:
        groups = "; with --group-add keep-groups it has your groups: podman with crun"
        return f" ({_UNKNOWN} is anybody this container does not know{groups if by_group else ''})"
    if not users and by_group:
        return f", or start with --group-add {owner.st_gid} if you are of that group"
    if not users or container(host) != "podman":
        return f", or start with --user {owner.st_uid}:{owner.st_gid}"
    if (owner.st_uid, 1) in users:
        return ", or start with --userns=keep-id: it is yours, and you are another in here"
    return ", or take it back, outside: podman unshare chown -R 0:0 FOLDER"


def _users(host: Host) -> list[tuple[int, int]]:
    """First user and number of each run of users, where they have other numbers outside.

    A container without root gives its starter a run of one, and others numbers set aside for it.
    """
    rows = [line.split() for line in host.text("/proc/self/uid_map").splitlines()]
    same = all(row[:2] == ["0", "0"] for row in rows)
    return [] if same else [(int(row[0]), int(row[2])) for row in rows]
