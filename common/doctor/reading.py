"""What is to be read, behind links and mounts: a program of its own, since a disk may hang.

    python -m common.doctor.reading QUESTION

Prints a line, a JSON object, when the file or folder answered at all, and one for each finding.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from common.amounts import counted
from common.doctor.access import unreadable
from common.doctor.finding import failed, ok, warning
from common.doctor.host import Host
from common.doctor.listing import files_of, places
from common.doctor.wanted import WANTED
from common.errors import PipelineError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from common.doctor.finding import Finding

    Bad = Callable[[str, str, str], Finding]
    Wanted = Callable[[Path], str]

THERE: Final = "there"
"""The step that tells that a file or folder answered."""

_MOST_NAMED: Final = 3


def main(question: str) -> None:
    """Print what is found of the path that is asked about."""
    asked = json.loads(question)
    host = Host({"container": asked["container"]}, Path(asked["root"]), 1, os.getuid())
    path = Path(asked["path"])
    os.path.exists(path)  # noqa: PTH110 - never raises, and does not return where a server is gone
    _tell(THERE)
    look = given if asked["given"] else mounted
    for number, finding in enumerate(look(host, asked["name"], path)):
        _tell(str(number), finding=asdict(finding))


def given(host: Host, name: str, source: Path) -> list[Finding]:
    """A file, folder or cohort CSV, with all that it leads to; what is not well stops the work.

    Parameters
    ----------
    host : Host
    name : {"slides", "patches", "model"}
        What is in it.
    source : Path
    """
    try:
        return _of(host, name, source, failed, WANTED[name])
    except PipelineError as error:
        return [failed(name, str(error), "do as it says")]


def mounted(host: Host, name: str, point: Path) -> list[Finding]:
    """A place where a container expects them; of one that is not used there is nothing to say."""
    if not point.is_dir() or _empty(host, point):
        return []
    return _of(host, name, point, warning, None)


def _tell(step: str, **more: Any) -> None:
    sys.stdout.write(json.dumps({"step": step, **more}) + "\n")
    sys.stdout.flush()


def _of(host: Host, name: str, source: Path, bad: Bad, wanted: Wanted | None) -> list[Finding]:
    if found := unreadable(host, source):
        return [bad(name, *found)]
    files = list(files_of(source))
    if wrong := [found for path in files if (found := unreadable(host, path))]:
        rest = f"of {counted(len(files), 'file')} in {source}"
        return [bad(name, *words) for words in _first(wrong, rest)]
    said = f"{source}: {counted(len(files), 'file')} can be read{places(host, source, files)}"
    return [ok(name, f"{said}; {wanted(source)}" if wanted else said)]


def _first(wrong: Sequence[tuple[str, str]], rest: str) -> list[tuple[str, str]]:
    """The first of what is wrong, and how many there are beside."""
    more = len(wrong) - _MOST_NAMED
    return [*wrong[:_MOST_NAMED], *([(f"{more:,} more {rest}", "as above")] if more > 0 else [])]


def _empty(host: Host, folder: Path) -> bool:
    return host.reads(folder) and not any(folder.iterdir())


if __name__ == "__main__":
    main(sys.argv[1])
