"""Whether this is a container, and what it was given."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from common.doctor.finding import failed, ok, warning
from common.doctor.mounts import mounts

if TYPE_CHECKING:
    from common.doctor.finding import Finding
    from common.doctor.host import Host

_LEAKS: Final = ("PYTHONPATH", "PYTHONHOME", "LD_PRELOAD", "LD_LIBRARY_PATH")
_RUNTIMES: Final = frozenset({"/usr/local/nvidia", "/.singularity.d", "/usr/local/cuda"})
"""Where runtimes themselves point libraries to, for the driver of GPUs."""


def container(host: Host) -> str:
    """The kind of container this process runs in; empty where it runs in none."""
    if {"APPTAINER_CONTAINER", "SINGULARITY_CONTAINER"} & set(host.variables):
        return "apptainer"
    if host.path("/.singularity.d").is_dir():
        return "apptainer"
    if host.path("/run/.containerenv").exists():
        return "podman"
    if host.path("/.dockerenv").exists():
        return "docker"
    return host.variables.get("container", "")


def to_bind(host: Host, path: Path | str, *, read_only: bool = True) -> str:
    """The words that show a container the host's `path`; empty outside containers."""
    kind = container(host)
    if not kind:
        return ""
    mode = ":ro" if read_only else ""
    option = "--bind" if kind == "apptainer" else "-v"
    return f"{option} '{path}:{path}{mode}'"


def look(host: Host) -> list[Finding]:
    """The container, its root, user and home, and what leaks into it from outside."""
    kind = container(host)
    if not kind:
        return [ok("container", "none"), *_home(host)]
    top = next((mount for mount in mounts(host) if mount.point == Path("/")), None)
    root = "" if top is None else f", root is {'read-only' if top.read_only else 'writable'}"
    return [ok("container", f"{kind}{root}, {_user(host)}"), *_home(host), *_leaks(host)]


def _user(host: Host) -> str:
    rows = [line.split(":") for line in host.text("/etc/passwd").splitlines()]
    names = [row[0] for row in rows if len(row) > 2 and row[2] == str(host.uid)]
    return f"user {host.uid} ({names[0] if names else 'who has no name here, and needs none'})"


def _home(host: Host) -> list[Finding]:
    home = Path(host.variables.get("HOME", "") or "/")
    if os.access(home, os.W_OK | os.X_OK):
        return [ok("home", f"{home} can be written")]
    taken = [name for name in ("KERAS_HOME", "MPLCONFIGDIR") if host.variables.get(name)]
    if len(taken) == 2:
        return [ok("home", f"{home} cannot be written; {' and '.join(taken)} are elsewhere")]
    return [
        warning(
            "home",
            f"{home} cannot be written: libraries keep settings and caches there",
            "give HOME a folder that can be, such as HOME=/tmp",
        )
    ]


def _leaks(host: Host) -> list[Finding]:
    """Software of the host that would be used instead of the container's own."""
    findings = []
    for name in _LEAKS:
        value = host.variables.get(name, "")
        alien = [
            part
            for part in value.split(":")
            if part and not any(part.startswith(own) for own in (*_RUNTIMES, sys.prefix))
        ]
        if alien:
            said = f"{name}={value} puts other software in front of the container's"
            advice = f"unset {name}, or start apptainer with --cleanenv"
            make = failed if name == "PYTHONHOME" else warning
            findings.append(make("leaks", said, advice))
    if not findings:
        findings.append(ok("leaks", "no software of the host in front of the container's"))
    return findings
