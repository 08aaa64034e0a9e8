"""Copies on a local disk, shared by the processes of a node without locks.

Every process has folders of its own there, whose names say whose they are. What is whole in one of
them has its final name; another process takes it by hard links, so that the file system counts who
uses it, and it goes with the last user. A file that is being copied shows as such, and others wait
for it. Folders of processes that were killed are removed by whoever comes next.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import random
import shutil
import signal
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from common.errors import ConfigError
from common.staging.copying import Desk, copied, fetched, hashed
from common.staging.owners import BEAT_S, folders, is_alive, own_name
from common.stopping import STOP_SIGNALS, stop_if_asked

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

    from common.staging.copying import Copy
    from common.staging.files import FileSet

DATA: Final = "data"
HASHES: Final = "sha256.json"
_RESERVE: Final = 1 << 30
_RESERVED_SHARE: Final = 50  # one part in so many of a small disk
_LOOK_S: Final = 0.05
log = logging.getLogger(__name__)


def free_room(folder: Path) -> int:
    """Bytes that may be taken there; a little is left to others."""
    usage = shutil.disk_usage(folder)
    return usage.free - min(_RESERVE, usage.total // _RESERVED_SHARE)


@dataclass(frozen=True)
class Scratch:
    """A folder on a fast local disk. Can be sent to another process.

    Attributes
    ----------
    folder : Path
    copy : callable
        What copies a file, as `common.staging.copying.copied` does.
    room : callable
        Bytes that may be taken in a folder.
    """

    folder: Path
    copy: Copy = copied
    room: Callable[[Path], int] = free_room

    @classmethod
    def opened(cls, folder: Path, sources: Iterable[Path] = ()) -> Scratch:
        """The scratch folder `folder`, rid of what killed processes left.

        Parameters
        ----------
        folder : Path
        sources : iterable of Path
            What will be copied to it; it is said where that is pointless.

        Raises
        ------
        ConfigError
            If it is no folder that can be written.
        """
        scratch = cls(folder.absolute())
        try:
            with scratch.hold():
                pass
        except OSError as error:
            raise ConfigError(
                f"--scratch {folder}: expected a folder that can be written, found: "
                f"{error.strerror}. Give one on a disk of this machine, such as $SLURM_TMPDIR"
            ) from error
        scratch.sweep()
        scratch.warn_if_pointless(sources)
        return scratch

    def sweep(self) -> None:
        """Remove the folders of processes that are no more."""
        for folder in folders(self.folder):
            if not is_alive(folder):
                shutil.rmtree(folder, ignore_errors=True)

    def warn_if_pointless(self, sources: Iterable[Path]) -> None:
        """Say so where it is on the same file system as what would be copied to it."""
        for path in sources:
            with suppress(OSError):  # it is for others to say what cannot be read
                if path.stat().st_dev == self.folder.stat().st_dev:
                    said = "--scratch %s is on the same file system as %s: a copy gains nothing"
                    log.warning(said, self.folder, path)
                    return

    @contextmanager
    def hold(self) -> Generator[Hold, None, None]:
        """A folder of this process's own; what is in it goes when it is left."""
        folder = self.folder / own_name()
        ended = threading.Event()
        beating = threading.Thread(target=_beat, args=(folder, ended), daemon=True)
        try:
            folder.mkdir(mode=0o700)
            beating.start()
            yield Hold(self, folder)
        finally:
            ended.set()
            shutil.rmtree(folder, ignore_errors=True)


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
    _sources: dict[str, Path] = field(default_factory=dict)

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
        while not own.exists():
            stop_if_asked()
            if self._linked(own):
                break
            if self._others(copying.name, alive=True):
                time.sleep(_LOOK_S)
                continue
            copying.mkdir()
            if self._others(copying.name, alive=True):  # both looked before both began
                copying.rmdir()
                time.sleep(random.uniform(0, 2 * _LOOK_S))
                continue
            try:
                self._copy(files, copying)
                copying.rename(own)
            finally:
                shutil.rmtree(copying, ignore_errors=True)
        self._sources[str(own / DATA)] = files.root
        return own / DATA

    def is_whole(self) -> bool:
        """Whether all copies are what they were when they were made, byte by byte."""
        return all(_same(Path(data)) for data in list(self._sources))

    def told(self, text: str) -> str:
        """A message about copies, as one about their sources."""
        said = text
        for data, root in list(self._sources.items()):
            said = said.replace(data, str(root))
        return said if said == text else f"{said} (read from a copy in {self.folder})"

    def _others(self, name: str, *, alive: bool = False) -> list[Path]:
        """What others have of this name."""
        found = (folder / name for folder in folders(self.scratch.folder) if folder != self.folder)
        return [path for path in found if path.exists() and (not alive or is_alive(path.parent))]

    def _linked(self, own: Path) -> bool:
        """Whether another's copies are taken over."""
        for other in self._others(own.name):
            partial = self.folder / f".{own.name}.links"
            try:
                shutil.copytree(other, partial, copy_function=os.link)
                partial.rename(own)
            except OSError:  # of copytree too: they are gone by now, or this disk has no links
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


@cache
def _first_time(_folder: Path) -> Iterator[bool]:
    return iter([True])


def say_once(folder: Path, text: str) -> None:
    """A warning about a scratch folder that this process gives once."""
    if next(_first_time(folder), False):
        log.warning("%s", text)


def _take_room(path: Path, size: int) -> None:
    with path.open("xb") as stream:
        if size:
            os.posix_fallocate(stream.fileno(), 0, size)


def _same(data: Path) -> bool:
    try:
        hashes = json.loads((data.parent / HASHES).read_text(encoding="utf-8"))
        return all(hashed(data / name) == expected for name, expected in hashes.items())
    except (OSError, ValueError):
        return False


def _beat(folder: Path, ended: threading.Event) -> None:
    """Touch a folder now and then, for those who cannot look at this process."""
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)  # they are for the thread that works
    while not ended.wait(BEAT_S):
        with suppress(OSError):
            os.utime(folder)
