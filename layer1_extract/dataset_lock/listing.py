"""The files of a folder that a lock is about, found without reading them."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from common.run_folder import RESOLVED
from layer1_extract.dataset_lock.lock_file import NAME
from layer1_extract.running import FOLDER as RUNNING

if TYPE_CHECKING:
    from collections.abc import Iterator

_HALF_WRITTEN: Final = ".partial"
Identity = tuple[int, int]


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file as it stands.

    Attributes
    ----------
    size : int, bytes
    modified, changed : int, ns since 1970
        When its content was last written, and when that or its names or rights were.
    """

    size: int
    modified: int
    changed: int

    @classmethod
    def of(cls, status: os.stat_result) -> FoundFile:
        """What the system says of a file."""
        return cls(status.st_size, status.st_mtime_ns, status.st_ctime_ns)


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
    _walk(folder, "", (), folder.resolve(), found)
    return found


def _walk(folder: Path, below: str, above: tuple[Identity, ...], top: Path, found: Listing) -> None:
    """List one folder into `found`, and the folders in it.

    Parameters
    ----------
    folder : Path
    below : str
        Its name, with a ``/`` behind it; empty for the first.
    above : tuple
        The folders that hold it.
    top : Path
        The first one, without links.
    found : Listing
    """
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
    for entry in entries:
        _enter(entry, below + entry.name, (*above, identity), top, found)


def _considered(folder: Path, below: str) -> Iterator[os.DirEntry[str]]:
    """Entries of a folder whose names do not leave them out."""
    with os.scandir(folder) as entries:
        here = list(entries)
    names = {entry.name for entry in here}
    for entry in here:
        is_lock = not below and entry.name == NAME
        is_claims = entry.name == RUNNING and RESOLVED in names
        hidden = entry.name.startswith(".") or entry.name.endswith(_HALF_WRITTEN)
        if not (is_lock or is_claims or hidden):
            yield entry


def _enter(
    entry: os.DirEntry[str],
    name: str,
    above: tuple[Identity, ...],
    top: Path,
    found: Listing,
) -> None:
    """Put one entry, or all that is in it, into `found`."""
    try:
        status = entry.stat()
    except OSError as error:
        found.unreadable[name] = error.strerror or str(error)
        return
    if entry.is_symlink() and not Path(entry.path).resolve().is_relative_to(top):
        found.leaving.append(name)
    if stat.S_ISDIR(status.st_mode):
        _walk(Path(entry.path), f"{name}/", above, top, found)
    elif stat.S_ISREG(status.st_mode):
        found.files[name] = FoundFile.of(status)
    else:
        found.odd.append(name)
