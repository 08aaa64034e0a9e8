"""A folder on a local disk, in which every process has folders of its own.

Their names say whose they are; those of processes that were killed are removed by whoever comes
next.
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from common.errors import ConfigError
from common.staging.copying import copied
from common.staging.hold import Hold
from common.staging.owners import BEAT_S, folders, is_alive, own_name
from common.stopping import STOP_SIGNALS

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable
    from pathlib import Path

    from common.staging.copying import Copy

_RESERVE: Final = 1 << 30
_RESERVED_SHARE: Final = 50  # one part in so many of a small disk
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
        scratch.sweep()  # first: it may be full of what they left
        try:
            with scratch.hold():
                pass
        except OSError as error:
            raise ConfigError(
                f"--scratch {folder}: expected a folder that can be written, found: "
                f"{error.strerror}. Give one on a disk of this machine, such as $SLURM_TMPDIR"
            ) from error
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


def _beat(folder: Path, ended: threading.Event) -> None:
    """Touch a folder now and then, for those who cannot look at this process."""
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)  # they are for the thread that works
    while not ended.wait(BEAT_S):
        with suppress(OSError):
            os.utime(folder)
