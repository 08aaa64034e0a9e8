"""Copies of one process, shared with the others of a node without locks.

What is whole in a process' folder has its final name; another process takes it by hard links, so
that the file system counts who uses it, and it goes with the last user. Files that are being copied
show as such, and others wait for them as long as their process is at work.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import random
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from common.staging.copying import Desk, fetched, hashed
from common.staging.owners import folders, is_busy, owner_of
from common.stopping import stop_if_asked

if TYPE_CHECKING:
    from common.staging.files import FileSet
    from common.staging.scratch import Scratch

DATA: Final = "data"
HASHES: Final = "sha256.json"
_LOOK_S: Final = 0.05
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Hold:
    """A folder of this process's own on scratch.

    Attributes
    ----------
    scratch : Scratch
    folder : Path
    """

    scratch: Scratch
    folder: Path
    _fetched: dict[str, FileSet] = field(default_factory=dict)

    @property
    def desk(self) -> Desk:
        """Where results are written before they go to their place."""
        folder = self.folder / "results"
        folder.mkdir(exist_ok=True)
        return Desk(folder, self.scratch.copy)

    def fetch(self, files: FileSet) -> Path:
        """Copies of files, made here unless another process of this node has them.

        Returns
        -------
        Path
            The folder the copies lie in, by the names they have in theirs.

        Raises
        ------
        CopyError
            If a copy differs, twice.
        OSError
            With ENOSPC where there is too little room.
        """
        own, copying = self.folder / files.key, self.folder / f".{files.key}"
        waiting = False
        while not own.exists():
            stop_if_asked()
            if self._linked(own, files):
                break
            if copier := self._copier(copying.name):
                if not waiting:
                    log.info("waits for the copy of %s by %s", files.first, owner_of(copier))
                waiting = True
                time.sleep(_LOOK_S)
                continue
            copying.mkdir()
            if self._copier(copying.name):  # both looked before both began
                copying.rmdir()
                time.sleep(random.uniform(0, 2 * _LOOK_S))
                continue
            try:
                self._copy(files, copying)
                copying.rename(own)
            finally:
                shutil.rmtree(copying, ignore_errors=True)
        self._fetched[str(own / DATA)] = files
        return own / DATA

    def is_whole(self) -> bool:
        """Whether all copies are what they were when they were made, byte by byte."""
        return all(_same(Path(data), files) for data, files in list(self._fetched.items()))

    def told(self, text: str) -> str:
        """A message about copies, as one about their sources."""
        said = text
        for data, files in list(self._fetched.items()):
            said = said.replace(data, str(files.root))
        return said if said == text else f"{said} (read from a copy in {self.folder})"

    def _others(self, name: str) -> list[Path]:
        """What other processes have of this name."""
        found = (folder / name for folder in folders(self.scratch.folder) if folder != self.folder)
        return [path for path in found if path.exists()]

    def _copier(self, name: str) -> Path | None:
        """The folder of another process that copies these files now."""
        return next((path.parent for path in self._others(name) if is_busy(path.parent)), None)

    def _linked(self, own: Path, files: FileSet) -> bool:
        """Whether another's copies are taken over, all of them."""
        partial = self.folder / f".{own.name}.links"
        for other in self._others(own.name):
            try:
                _link(files, other, partial)
                partial.rename(own)
            except OSError:  # they are gone by now, or this disk has no links
                shutil.rmtree(partial, ignore_errors=True)
            else:
                return True
        return False

    def _copy(self, files: FileSet, folder: Path) -> None:
        """Copy, once there is room for all; the room is taken before the first byte."""
        needed, room = files.size, self.scratch.room(self.scratch.folder)
        if needed > room:
            found = f"{needed:,} bytes needed, {max(0, room):,} free"
            raise OSError(errno.ENOSPC, found, str(self.scratch.folder))
        for name, size in zip(files.names, files.sizes, strict=True):
            (folder / DATA / name).parent.mkdir(parents=True, exist_ok=True)
            _take_room(folder / DATA / name, size)
        hashes = {
            name: fetched(files.root / name, folder / DATA / name, self.scratch.copy)
            for name in files.names
        }
        (folder / HASHES).write_text(json.dumps(hashes), encoding="utf-8")


def _take_room(path: Path, size: int) -> None:
    with path.open("xb") as stream:
        if size:
            os.posix_fallocate(stream.fileno(), 0, size)


def _link(files: FileSet, other: Path, target: Path) -> None:
    """Link copies, each by its name: one that its owner removed meanwhile is an error."""
    (target / DATA).mkdir(parents=True)
    os.link(other / HASHES, target / HASHES)
    for name, size in zip(files.names, files.sizes, strict=True):
        (target / DATA / name).parent.mkdir(parents=True, exist_ok=True)
        os.link(other / DATA / name, target / DATA / name)
        if (target / DATA / name).stat().st_size != size:
            raise OSError(errno.EIO, "a copy of another size", str(other / DATA / name))


def _same(data: Path, files: FileSet) -> bool:
    try:
        hashes = json.loads((data.parent / HASHES).read_text(encoding="utf-8"))
        return all(hashed(data / name) == hashes[name] for name in files.names)
    except (OSError, ValueError, KeyError):
        return False
