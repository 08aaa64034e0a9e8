"""Who made a result, with what, when and where."""

from __future__ import annotations

import platform
import subprocess
import sys
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from common.cluster import Place, built_from

_GIT_S: Final = 60.0  # a result without its commit is worse than a slow start on a busy machine


@cache
def software() -> str:
    """Name, version and commit of this software, as written into every file.

    The commit is left out where the code runs neither from a git checkout of its own nor from an
    image that tells it.
    """
    try:
        name = f"camnet {version('camnet')}"
    except PackageNotFoundError:  # run from a folder without an installation
        name = "camnet (not installed)"
    commit = _commit()
    return f"{name} ({commit})" if commit else name


def log_head(config_sha256: str = "") -> str:
    """The first line of every log: host, job, array task, rank, version, commit, config."""
    place = Place.here()
    job = f"{place.job} (={place.array}_{place.task})" if place.array else place.job
    parts = {"host": place.host, "job": job, "task": place.task, "rank": place.rank}
    said = [f"{key}={value}" for key, value in parts.items() if value]
    return " ".join([*said, f"software={software()!r}", f"config={config_sha256[:12] or 'none'}"])


def run_record(command: str, config_sha256: str) -> dict[str, Any]:
    """What `run.json` says about one run: command line, software, machine and time (UTC)."""
    place = Place.here()
    return {
        "command": command,
        "arguments": sys.argv[1:],
        "software": software(),
        "python": platform.python_version(),
        "host": place.host,
        "slurm_job": place.job,
        "slurm_task": place.task,
        "config_sha256": config_sha256,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _commit() -> str:
    root = Path(__file__).resolve().parents[1]
    if not (root / ".git").exists():
        return built_from()
    try:
        commit = _git(root, "rev-parse", "--short", "HEAD")
        changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return ""
    return f"{commit}-dirty" if changed else commit


def _git(root: Path, *words: str) -> str:
    """What git says without taking its lock, which would stay if this were killed meanwhile."""
    command = ["git", "--no-optional-locks", "-C", str(root), *words]
    done = subprocess.run(  # noqa: S603
        command, capture_output=True, text=True, check=True, timeout=_GIT_S
    )
    return done.stdout.strip()
