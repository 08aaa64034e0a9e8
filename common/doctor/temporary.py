"""The folder for temporary files, and scratch space."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from common.amounts import GB, size
from common.doctor.container import container
from common.doctor.finding import ok, warning
from common.doctor.mounts import mount_of

if TYPE_CHECKING:
    from common.doctor.finding import Finding
    from common.doctor.host import Host

_LITTLE: Final = GB
_ADVICE: Final = "set TMPDIR to a folder that can be written and has room"


def look(host: Host) -> list[Finding]:
    """Whether there is a folder for temporary files, where it is and what room it has."""
    folder = temporary_folder()
    if folder is None:
        advice = "give the container one: --tmpfs /tmp" if container(host) else _ADVICE
        return [warning("temporary files", "no folder can be written", advice)]
    asked = host.variables.get("TMPDIR", "")
    said = _room(host, folder)
    if asked and folder.resolve() != Path(asked).resolve():
        return [warning("temporary files", f"TMPDIR={asked} cannot be written, {said}", _ADVICE)]
    return [ok("temporary files", said)]


def temporary_folder() -> Path | None:
    """Where temporary files go; None where nothing can be written."""
    try:
        with tempfile.TemporaryDirectory() as made:
            return Path(made).parent
    except OSError:
        return None


def _room(host: Host, folder: Path) -> str:
    mount, free = mount_of(host, folder), shutil.disk_usage(folder).free
    memory = mount is not None and mount.kind == "tmpfs"
    kind = f" ({mount}{', which is memory' if memory else ''})" if mount else ""
    said = f"{folder}{kind} has room for {size(free)}"
    return f"{said}, enough unless slides are staged there" if free < _LITTLE else said
