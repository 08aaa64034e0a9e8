"""The files of a folder that a lock is about, found without reading them."""

from __future__ import annotations

import os
import stat
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from common.run_folder import RESOLVED
from layer1_extract.dataset_lock.lock_file import NAME
from layer1_extract.running import FOLDER as RUNNING

if TYPE_CHECKING:
    from collections.abc import Iterator

_HALF_WRITTEN: Final = ".partial"
_MOST_WAYS: Final = 256
"""Names one folder may have; links in a chain of folders can make a number without end."""

Identity = tuple[int, int]
"""Device and number of a file or folder: what all its names have in common."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file as it stands.

    Attributes
    ----------
    size : int, bytes
    modified, changed : int, ns since 1970
        When its content was last written, and when that or its names or rights were.
    identity : Identity
        Left out of comparisons: nodes number the devices of network file systems differently.
    """

    size: int
    modified: int
    changed: int
    identity: Identity = field(default=(0, 0), compare=False)

    @classmethod
    def of(cls, status: os.stat_result) -> FoundFile:
        """What the system says of a file."""
        identity = status.st_dev, status.st_ino
        return cls(status.st_size, status.st_mtime_ns, status.st_ctime_ns, identity)


@dataclass
class Listing:
    """What is in a folder.

    Attributes
    ----------
    files : dict of str to FoundFile
        By name, relative to the folder, with ``/`` between its parts.
    unreadable : dict of str to str
        Why a file or folder cannot be listed, by its name.
    leaving : list of str
        Links to places outside the folder.
    odd : list of str
        Sockets, pipes and devices, which are not listed.
    """

    files: dict[str, FoundFile] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)
    leaving: list[str] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files.values())


def list_files(folder: Path) -> Listing:
    """Every file of a folder, but those the specification of lock files leaves out."""
    found = Listing()
    _list(folder, "", (), _Walk(folder.resolve(), found))
    return found


@dataclass(frozen=True)
class _Walk:
    """The first folder, without links; what was found; and how often each folder was listed."""

    top: Path
    found: Listing
    ways: Counter[Identity] = field(default_factory=Counter)


def _list(folder: Path, below: str, above: tuple[Identity, ...], walk: _Walk) -> None:
    """List one folder, and the folders in it.

    Parameters
    ----------
    folder : Path
    below : str
        Its name, with a ``/`` behind it; empty for the first.
    above : tuple
        The folders that hold it.
    walk : _Walk
    """
    found = walk.found
    try:
        status = folder.stat()
        entries = sorted(_considered(folder, below), key=lambda entry: entry.name)
    except OSError as error:
        found.unreadable[below.rstrip("/") or "."] = error.strerror or str(error)
        return
    identity = (status.st_dev, status.st_ino)
    if identity in above:
        found.unreadable[below.rstrip("/")] = "a link to a folder that holds it"
        return
    walk.ways[identity] += 1
    if (ways := walk.ways[identity]) > _MOST_WAYS:
        if ways == _MOST_WAYS + 1:
            said = f"more than {_MOST_WAYS} ways lead to this folder"
            found.unreadable[below.rstrip("/")] = said
        return
    for entry in entries:
        _enter(entry, below + entry.name, (*above, identity), walk)


def _considered(folder: Path, below: str) -> Iterator[os.DirEntry[str]]:
    """Entries of a folder whose names do not leave them out."""
    with os.scandir(folder) as entries:
        here = list(entries)
    names = {entry.name for entry in here}
    for entry in here:
        is_lock = not below and entry.name == NAME and not entry.is_dir(follow_symlinks=False)
        is_claims = entry.name == RUNNING and RESOLVED in names
        hidden = entry.name.startswith(".") or entry.name.endswith(_HALF_WRITTEN)
        if not (is_lock or is_claims or hidden):
            yield entry


def _enter(entry: os.DirEntry[str], name: str, above: tuple[Identity, ...], walk: _Walk) -> None:
    """Put one entry, or all that is in it, into what is found."""
    found = walk.found
    try:
        status = entry.stat()
    except OSError as error:
        found.unreadable[name] = error.strerror or str(error)
        return
    if entry.is_symlink() and not Path(entry.path).resolve().is_relative_to(walk.top):
        found.leaving.append(name)
    if stat.S_ISDIR(status.st_mode):
        _list(Path(entry.path), f"{name}/", above, walk)
    elif stat.S_ISREG(status.st_mode):
        found.files[name] = FoundFile.of(status)
    else:
        found.odd.append(name)
