"""Whose a file is, and how another user may come to use it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.doctor.container import container

if TYPE_CHECKING:
    from pathlib import Path

    from common.doctor.host import Host


def permission(host: Host, path: Path, ask: str) -> str:
    """Whose `path` is and who we are, and what to do.

    Parameters
    ----------
    host : Host
    path : Path
    ask : str
        What its owner could do.
    """
    try:
        owner = path.stat()
    except OSError:
        return f"we are user {host.uid}: ask its owner to open the folders it is in"
    theirs = f"user {owner.st_uid} and group {owner.st_gid}, mode {owner.st_mode & 0o7777:o}"
    said = f"it belongs to {theirs}, we are user {host.uid}: {ask}"
    if container(host) in {"docker", "podman"} and owner.st_uid != host.uid:
        said += f", or start with --user {owner.st_uid}:{owner.st_gid}"
    return said
