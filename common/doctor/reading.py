"""What is to be read, behind links and mounts: a program of its own, since a disk may hang.

    python -m common.doctor.reading QUESTION

Prints a line, a JSON object, when the file or folder answered at all, and one for each finding.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from common.amounts import counted
from common.doctor.access import unreadable
from common.doctor.finding import failed, ok, warning
from common.doctor.host import Host
from common.doctor.mounts import mount_of
from common.doctor.wanted import WANTED
from common.errors import PipelineError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from common.doctor.finding import Finding

    Bad = Callable[[str, str, str], Finding]
    Wanted = Callable[[Path], str]

THERE: Final = "there"
"""The step that tells that a file or folder answered."""

_MOST_NAMED: Final = 3
_COLUMNS: Final = ("path", "annotation")


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
    files = list(_files(source))
    wrong = [found for path in files if (found := unreadable(host, path))]
    if wrong:
        more = len(wrong) - _MOST_NAMED
        named = [bad(name, *found) for found in wrong[:_MOST_NAMED]]
        if more > 0:
            said = f"{more:,} more of {counted(len(files), 'file')} in {source}"
            named.append(bad(name, said, "as above"))
        return named
    said = f"{source}: {counted(len(files), 'file')} can be read{_places(host, source, files)}"
    return [ok(name, f"{said}; {wanted(source)}" if wanted else said)]


def _empty(host: Host, folder: Path) -> bool:
    return host.reads(folder) and not any(folder.iterdir())


def _files(source: Path) -> Iterator[Path]:
    """A file, all files in a folder and below it, or the files that a cohort CSV names."""
    if source.is_dir():
        yield from _below(source)
    elif source.suffix.lower() == ".csv":
        from common.cohort.rows import read_rows

        (_, header), *rows = read_rows(source)
        for _, cells in rows:
            row = dict(zip(header, cells, strict=False))
            yield from (source.parent.absolute() / row[name] for name in _COLUMNS if row.get(name))
    else:
        yield source


def _below(folder: Path) -> Iterator[Path]:
    """Every file below a folder, and every folder that cannot be looked into, links followed."""
    seen: set[str] = set()
    closed: list[Path] = []
    walk = os.walk(folder, followlinks=True, onerror=lambda e: closed.append(Path(str(e.filename))))
    for base, folders, files in walk:
        real = os.path.realpath(base)
        folders[:] = [] if real in seen else sorted(name for name in folders if name[0] != ".")
        if real not in seen:
            yield from (Path(base, name) for name in sorted(files) if name[0] != ".")
        seen.add(real)
    yield from closed


def _places(host: Host, source: Path, files: Sequence[Path]) -> str:
    """Where files really are, where links lead elsewhere, and on which file system."""
    top = source.resolve()
    home = top if top.is_dir() else top.parent
    real = [path.resolve().parent for path in files]
    away = Counter(folder for folder in real if not folder.is_relative_to(home))
    mount = mount_of(host, source)
    said = f", on {mount}" if mount else ""
    if away:
        named = ", ".join(str(folder) for folder, _ in away.most_common(_MOST_NAMED))
        said += f"; {counted(sum(away.values()), 'file')} of them in {named}"
        said += " and elsewhere" if len(away) > _MOST_NAMED else ""
    return said


if __name__ == "__main__":
    main(sys.argv[1])
