"""The files that something to be read leads to, behind links and mounts, and where they are."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from common.amounts import counted
from common.doctor.mounts import mount_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from common.doctor.host import Host

_COLUMNS: Final = ("path", "annotation")
_MOST_NAMED: Final = 3


def files_of(source: Path) -> Iterator[Path]:
    """A file, all files in a folder and below it, or the files that a cohort CSV names.

    Of a folder also the folders in it that cannot be looked into. Hidden ones are left out.

    Raises
    ------
    ConfigError
        If a CSV is none.
    """
    if source.is_dir():
        return _below(source)
    if source.suffix.lower() == ".csv":
        return _named(source)
    return iter((source,))


def places(host: Host, source: Path, files: Sequence[Path]) -> str:
    """Where files really are, where links lead elsewhere, and on which file system.

    Words to go behind others; empty where there is nothing to say.
    """
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


def _named(source: Path) -> Iterator[Path]:
    from common.cohort.rows import read_rows

    (_, header), *rows = read_rows(source)
    for _, cells in rows:
        row = dict(zip(header, cells, strict=False))
        yield from (source.parent.absolute() / row[name] for name in _COLUMNS if row.get(name))


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
