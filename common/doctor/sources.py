"""Whether what is to be read can be: files behind links and mounts, and whose they are."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from common.amounts import counted
from common.doctor.container import container, permission, to_bind
from common.doctor.finding import failed, ok, warning
from common.doctor.mounts import mount_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from common.doctor.finding import Finding
    from common.doctor.host import Host

    Bad = Callable[[str, str, str], Finding]

_MOST_NAMED: Final = 3
_COLUMNS: Final = ("path", "annotation")
_ASK: Final = "ask its owner for chmod o+r (folders: o+rx)"


def look(host: Host, name: str, given: Sequence[Path], point: str) -> list[Finding]:
    """Files, folders and cohort CSVs, each with all that it leads to.

    Parameters
    ----------
    host : Host
    name : str
        What they are, such as ``slides``.
    given : sequence of Path
    point : str
        Where a container expects them, which is looked at where nothing was given; what is wrong
        there need not stop the work.
    """
    if given:
        return [finding for path in given for finding in _of(host, name, path, failed)]
    mounted = host.path(point)
    if container(host) and mounted.is_dir() and not _empty(host, mounted):
        return _of(host, name, mounted, warning)
    return []


def _of(host: Host, name: str, source: Path, bad: Bad) -> list[Finding]:
    if found := _lost(host, source) or _closed(host, source):
        return [bad(name, *found)]
    files = list(_files(source))
    looked = [_lost(host, path) or _closed(host, path) for path in files]
    wrong = [found for found in looked if found]
    if wrong:
        more = len(wrong) - _MOST_NAMED
        named = [bad(name, *found) for found in wrong[:_MOST_NAMED]]
        if more > 0:
            said = f"{more:,} more of {counted(len(files), 'file')} in {source}"
            named.append(bad(name, said, "as above"))
        return named
    return [
        ok(
            name,
            f"{source}: {counted(len(files), 'file')} can be read{_places(host, source, files)}",
        )
    ]


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


def _lost(host: Host, path: Path) -> tuple[str, str] | None:
    """What is said of a file that is not there, and what to do."""
    try:
        path.stat()
    except FileNotFoundError:
        pass
    except OSError as error:
        return f"{path}: {error.strerror}", permission(host, path, _ASK)
    else:
        return None
    broken = (link for link in (path, *path.parents) if link.is_symlink())
    link = next((link for link in broken if not os.path.exists(link)), None)  # noqa: PTH110 - never raises
    if link is None:
        words = to_bind(host, path)
        bind = f"; bind its folder: {words}" if words else ""
        return f"{path} is not there", f"give a path that is{bind}"
    target = Path(os.path.realpath(link))  # the end of a chain of links
    return f"{link} is a link to {target}, which is not there", _seen(host, link, target)


def _seen(host: Host, link: Path, target: Path) -> str:
    words = to_bind(host, target.parent)
    if not words:
        return "mount what it leads to, or copy it"
    if not link.readlink().is_absolute():
        return "it leads out of what is bound: bind the folder that holds it and where it leads to"
    return f"bind where it leads to, too: {words}"


def _closed(host: Host, path: Path) -> tuple[str, str] | None:
    if host.reads(path):
        return None
    return f"{path} cannot be read", permission(host, path, _ASK)


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
