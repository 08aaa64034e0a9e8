"""The launch that a run directory is taken by, so that no two train in it at once.

A file tells whose it is, and is touched again and again. It has a number that nobody else has,
which every file system grants to one process alone; none is locked.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TextIO

from common.cluster import Place, variables
from common.errors import ConfigError
from common.files import clock_of, look_anew, writable
from common.staging.owners import is_there, own_name

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

STALE_S: Final = 180.0
"""A launch elsewhere that was not heard of for longer is taken to have been killed."""

_BEAT_S: Final = 20.0
_LOOK_S: Final = 1.0
_NAME: Final = ".launch-"
_GONE: Final = frozenset({errno.ENOENT, errno.ESTALE})
_FOR_ALL: Final = 0o644  # whatever the umask: who else may train there looks for it
_READ_ONLY: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Launch:
    """What a training at work says of itself; nothing where it has only just begun.

    Attributes
    ----------
    owner : str
        Of `common.staging.owners`.
    host, pid : str
    job, restarts : str
        SLURM's job id, and how often it was put back into the queue; empty outside SLURM.
    since : str
        UTC.
    unread : str
        Why its file may not be read here, if so.
    """

    owner: str = ""
    host: str = ""
    pid: str = ""
    job: str = ""
    restarts: str = ""
    since: str = ""
    unread: str = ""

    @classmethod
    def here(cls) -> Launch:
        """Of this process."""
        place, restarts = Place.here(), variables().get("SLURM_RESTART_COUNT", "")
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return cls(own_name(), place.host, str(os.getpid()), place.job, restarts, now)

    def is_over(self, now: Launch) -> bool | None:
        """Whether it has ended, as `now` sees it; None where its process cannot be looked at.

        A job that SLURM begins anew has ended before.
        """
        there = is_there(self.owner) if self.owner else None
        if there is not None:
            return not there
        return True if self.job and self.job == now.job and self.restarts != now.restarts else None

    def said(self) -> dict[str, str]:
        """What its file says."""
        return {name: value for name, value in asdict(self).items() if value}

    def __str__(self) -> str:
        names = {"host": self.host, "job": self.job, "pid": self.pid, "since": self.since}
        said = " ".join(f"{name} {value}" for name, value in names.items() if value)
        return said or self.unread or "one that has just begun"


@contextmanager
def alone(out: Path, *, every: float = _BEAT_S) -> Generator[None, None, None]:
    """Train in `out` alone for as long as this lasts; what a killed launch left is taken over.

    A folder that cannot be written to is nobody's.

    Parameters
    ----------
    out : Path
        Is made.
    every : float, seconds
        How often this launch is heard of.

    Raises
    ------
    ConfigError
        If another launch is at work there; names its host, job and process.
    """
    own = Launch.here()
    path = _entered(out, own)
    if path is None:
        yield
        return
    with _heard_of(path, every):
        for left in _ended(out, own):  # and nobody came under another number
            if left != path:
                _remove(left)
        yield


def at_work(out: Path) -> Launch | None:
    """Who trains in `out`, told at once and without taking it; None where nobody does.

    A launch that was killed elsewhere is taken to be at work until it was silent for long.
    """
    own = Launch.here()
    for path in sorted(out.glob(f"{_NAME}*.json")):
        with suppress(FileNotFoundError):  # it ended just now
            launch, heard = _read(path)
            over = launch.is_over(own)
            if over is False or (over is None and clock_of(out) - heard <= STALE_S):
                return launch
    return None


def _entered(out: Path, own: Launch) -> Path | None:
    """The file of this launch; None where none can be written."""
    with writable(out):
        out.mkdir(parents=True, exist_ok=True)
    while True:
        numbers = (_number(path) for path in _ended(out, own))
        path = out / f"{_NAME}{max(numbers, default=0) + 1}.json"
        with writable(path):
            try:
                path.open("x").close()
            except FileExistsError:  # of another that came at the same time
                continue
            except OSError as error:
                if error.errno in _READ_ONLY:
                    return None
                raise
        try:
            with suppress(OSError):  # not every file system has modes
                path.chmod(_FOR_ALL)
            with writable(path):
                path.write_text(json.dumps(own.said()) + "\n", encoding="utf-8")
        except BaseException:
            _remove(path)
            raise
        return path


@contextmanager
def _heard_of(path: Path, every: float) -> Generator[None, None, None]:
    """Touch a file again and again, and remove it in the end."""
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(every):
            with suppress(OSError):  # what is wrong with the disk is for the work itself to report
                os.utime(path)

    beating = threading.Thread(target=beat, daemon=True)
    beating.start()
    try:
        yield
    finally:
        ended.set()
        beating.join()
        _remove(path)


def _ended(out: Path, own: Launch) -> list[Path]:
    """The files of launches that have ended, and of our own.

    Raises
    ------
    ConfigError
        If there is one of another that is at work.
    """
    look_anew(out)
    found = list(out.glob(f"{_NAME}*.json"))
    for path in found:
        if (launch := _at_work(path, own)) is not None:
            raise ConfigError(
                f"{out}: expected a folder that nobody else trains in, found a training at work: "
                f"{launch}. Wait for its end, or give another --out"
            )
    return found


def _at_work(path: Path, own: Launch) -> Launch | None:
    """Who is at work, by a file; None where that has ended, or is our own.

    Whose process cannot be looked at from here is listened for.
    """
    with suppress(FileNotFoundError):  # it ended just now
        launch, heard = _read(path)
        over = launch == own or launch.is_over(own)
        if over is not None:
            return None if over else launch
        log.info("%s: is it still at work: %s", path, launch)
        while clock_of(path.parent) - heard <= STALE_S:
            time.sleep(_LOOK_S)
            if (again := _read(path)) != (launch, heard):
                return again[0]
    return None


def _read(path: Path) -> tuple[Launch, float]:
    """What a file says, and when it was last touched; only that of one that may not be read.

    Raises
    ------
    FileNotFoundError
        If it is gone.
    ConfigError
        If its file system does not answer.
    """
    try:
        try:
            with path.open(encoding="utf-8") as stream:
                return _said(stream), os.fstat(stream.fileno()).st_mtime
        except PermissionError as error:
            unread = f"{path.name} cannot be read: {error.strerror or error}"
            return Launch(unread=unread), path.stat().st_mtime
    except OSError as error:
        if error.errno in _GONE:
            raise FileNotFoundError(path) from error
        raise ConfigError(
            f"{path}: expected the file of a training that may be at work, found: "
            f"{error.strerror or error}. Run again when its file system answers"
        ) from error


def _said(stream: TextIO) -> Launch:
    try:
        return Launch(**json.load(stream))
    except (ValueError, TypeError):
        return Launch()


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)


def _number(path: Path) -> int:
    text = path.stem.removeprefix(_NAME)
    return int(text) if text.isdecimal() else 0
