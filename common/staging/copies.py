"""Copies of files that belong together, with their hashes beside them."""

from __future__ import annotations

import errno
import json
import os
from typing import TYPE_CHECKING, Final

from common.staging.copying import hashed, naming
from common.staging.proof import fetched, refuse_changed
from common.staging.status import status_of

if TYPE_CHECKING:
    from pathlib import Path

    from common.staging.copying import Copy
    from common.staging.files import FileSet

DATA: Final = "data"
"""The folder the copies lie in, by the names they have in theirs."""

_HASHES: Final = "sha256.json"


def make(files: FileSet, folder: Path, copy: Copy) -> None:
    """Copy files into `folder`; room for all is taken before the first byte.

    Raises
    ------
    CopyError
        If a copy differs, twice, or one file changed while the others were copied.
    OSError
        As the system says.
    """
    before = [status_of(path) for path in files.paths]
    for name, size in zip(files.names, files.sizes, strict=True):
        _take_room(folder / DATA / name, size)
    hashes = {name: fetched(files.root / name, folder / DATA / name, copy) for name in files.names}
    if len(before) > 1:  # else one is of one slide and one of another; of one alone it is known
        for path, then, sent in zip(files.paths, before, hashes.values(), strict=True):
            refuse_changed(path, then, sent)
    (folder / _HASHES).write_text(json.dumps(hashes), encoding="utf-8")


def link(files: FileSet, other: Path, folder: Path) -> None:
    """Link the copies in `other` into `folder`, each by its name.

    Raises
    ------
    OSError
        If their owner removed one meanwhile, one is of another size, or the disk has no links.
    """
    (folder / DATA).mkdir(parents=True)
    os.link(other / _HASHES, folder / _HASHES)
    for name, size in zip(files.names, files.sizes, strict=True):
        (folder / DATA / name).parent.mkdir(parents=True, exist_ok=True)
        os.link(other / DATA / name, folder / DATA / name)
        if (folder / DATA / name).stat().st_size != size:
            raise OSError(errno.EIO, "a copy of another size", str(other / DATA / name))


def are_whole(files: FileSet, folder: Path) -> bool:
    """Whether the copies in `folder` are what they were when they were made, byte by byte."""
    try:
        hashes = json.loads((folder / _HASHES).read_text(encoding="utf-8"))
        return all(hashed(folder / DATA / name) == hashes[name] for name in files.names)
    except (OSError, ValueError, KeyError):
        return False


def _take_room(path: Path, size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as stream, naming(path):
        if size:
            os.posix_fallocate(stream.fileno(), 0, size)
