"""Python, its text, its clock, and software of the user that may stand in front of ours."""

from __future__ import annotations

import locale
import platform
import site
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from common.doctor.container import container
from common.doctor.finding import ok, warning

if TYPE_CHECKING:
    from common.doctor.finding import Finding
    from common.doctor.host import Host

_SETTINGS: Final = (
    "CUDA_VISIBLE_DEVICES",
    "HOROVOD_GLOO_IFACE",
    "KERAS_BACKEND",
    "KERAS_HOME",
    "LC_ALL",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "PYTHONPATH",
    "TF_NUM_INTEROP_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TMPDIR",
    "TZ",
    "XLA_FLAGS",
)
"""Variables that change what our libraries do."""


def look(host: Host, *, now: datetime | None = None) -> list[Finding]:
    """Python and the system below it, packages of the user, text, clock and variables."""
    said = f"{platform.python_version()} in {sys.prefix}, {platform.platform()}"
    chosen = [f"{name}={host.variables[name]}" for name in _SETTINGS if name in host.variables]
    return [
        ok("Python", said),
        *_users_packages(host),
        _text(),
        _clock(now or datetime.now(UTC)),
        ok("variables", " ".join(chosen) or "none that changes what our libraries do"),
    ]


def _users_packages(host: Host) -> list[Finding]:
    """Packages in the user's home, which a container shares with the host."""
    folder = site.getusersitepackages()
    if not container(host) or not site.ENABLE_USER_SITE or not Path(folder).is_dir():
        return []
    said = f"packages in {folder} stand beside the container's own"
    return [warning("user packages", said, "set PYTHONNOUSERSITE=1")]


def _text() -> Finding:
    files, text = sys.getfilesystemencoding(), locale.getpreferredencoding(do_setlocale=False)
    said = f"file names in {files}, text in {text}"
    if files.lower() == "utf-8":
        return ok("text", said)
    return warning("text", f"{said}: names with accents may not be found", "set LC_ALL=C.UTF-8")


def _clock(now: datetime) -> Finding:
    """The clock against the age of this very file."""
    written = datetime.fromtimestamp(Path(__file__).stat().st_mtime, UTC)
    said = f"{now.isoformat(timespec='seconds')}"
    if now < written:
        advice = "set the clock: what was written when is told by it"
        return warning("clock", f"{said}, earlier than this software, {written:%Y-%m-%d}", advice)
    return ok("clock", said)
