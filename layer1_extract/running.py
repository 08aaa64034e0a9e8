"""Which units are being worked on: a small file for each, touched again and again.

Not a lock. Two tasks may work on the same unit, and both end with the same files; what lies here
only tells a person what goes on, and where.
"""

from __future__ import annotations

import glob
import json
import os
import secrets
import threading
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from common.cluster import Place
from common.errors import ConfigError
from common.files import clock_of, write_text

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from layer1_extract.board import Report

FOLDER: Final = "running"
STALE_S: Final = 300.0
"""A unit not heard of for longer is taken to have been stopped."""

_BEAT_S: Final = 30.0
_NOT_SAID: Final = ("beat", "seen")
_FORGOTTEN_S: Final = 24 * 3600.0


@dataclass(frozen=True)
class Claim:
    """What a process at work says of itself.

    Attributes
    ----------
    unit : str
        Name of the slide or part.
    host : str
    pid : int
    job, task : str
        SLURM's job id and array task id; empty outside SLURM.
    started : str
        UTC.
    kept : int
        Patches so far.
    share : float
        Of the candidates looked at, 0 to 1.
    beat, seen : float
        When it was last heard of, and when it was looked at, seconds since 1970 by the clock of the
        file system; not in the file, which is touched instead.
    """

    unit: str
    host: str
    pid: int
    job: str
    task: str
    started: str
    kept: int = 0
    share: float = 0.0
    beat: float = 0.0
    seen: float = 0.0

    @property
    def stale(self) -> bool:
        """Whether nothing was heard of it for long."""
        return self.seen - self.beat > STALE_S

    def __str__(self) -> str:
        names = {"host": self.host, "job": self.job, "task": self.task, "pid": str(self.pid)}
        where = " ".join(f"{name} {said}" for name, said in names.items() if said)
        return f"{self.share:.0%}, {self.kept} patches, {where}, since {self.started}"


@contextmanager
def running(out: Path, unit: str, *, every: float = _BEAT_S) -> Generator[Report, None, None]:
    """Say in ``out/running`` that this process works on `unit`, for as long as it does.

    Parameters
    ----------
    out : Path
        Folder of the results.
    unit : str
        Name of the slide or part.
    every : float, seconds
        How often the file is written anew.

    Yields
    ------
    callable
        Takes the patches kept so far and the share of the candidates looked at; the next time the
        file is written it says so.

    Raises
    ------
    ConfigError
        If nothing can be written there.
    """
    _remove_stale(out, unit)
    place, now = Place.here(), datetime.now(UTC).isoformat(timespec="seconds")
    claims = [Claim(unit, place.host, os.getpid(), place.job, place.task, now)]
    path = out / FOLDER / f"{unit}.{secrets.token_hex(4)}.json"

    def report(kept: int, share: float) -> None:
        claims[0] = replace(claims[0], kept=kept, share=round(share, 4))

    ended = threading.Event()
    beating = threading.Thread(
        target=_beat, args=(path, lambda: claims[0], ended, every), daemon=True
    )
    with ExitStack() as left:
        left.callback(_remove, path)
        _write(path, claims[0])
        beating.start()
        left.callback(beating.join)
        left.callback(ended.set)
        yield report


def read_claims(out: Path) -> dict[str, Claim]:
    """What was last heard of each unit at work, or stopped in the middle, by its name."""
    found: dict[str, Claim] = {}
    paths = sorted((out / FOLDER).glob("[!.]*.json"))
    now = clock_of(out / FOLDER) if paths else 0.0
    for path in paths:
        claim = _read(path, now)
        if claim and claim.beat >= found.get(claim.unit, claim).beat:
            found[claim.unit] = claim
    return found


def sweep_claims(out: Path) -> None:
    """Remove what processes killed more than a day ago left, of whichever unit."""
    paths = list((out / FOLDER).glob("[!.]*.json"))
    now = clock_of(out / FOLDER) if paths else 0.0
    for path in paths:
        with suppress(OSError):
            if now - path.stat().st_mtime > _FORGOTTEN_S:
                path.unlink()


def _beat(path: Path, claim: Callable[[], Claim], ended: threading.Event, every: float) -> None:
    while not ended.wait(every):
        with suppress(ConfigError, OSError):  # a full disk is for the work itself to report
            _write(path, claim())


def _write(path: Path, claim: Claim) -> None:
    said = {name: value for name, value in asdict(claim).items() if name not in _NOT_SAID}
    write_text(path, json.dumps(said) + "\n")


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)


def _read(path: Path, now: float) -> Claim | None:
    """The claim in a file, looked at `now`; None where it is gone by now, or no claim."""
    try:
        said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return Claim(**said, beat=path.stat().st_mtime, seen=now)
    except (OSError, ValueError, TypeError):
        return None


def _remove_stale(out: Path, unit: str) -> None:
    """Remove what killed processes left of this unit."""
    paths = list((out / FOLDER).glob(f"{glob.escape(unit)}.*.json"))
    now = clock_of(out / FOLDER) if paths else 0.0
    for path in paths:
        claim = _read(path, now)
        if claim and claim.unit == unit and claim.stale:
            path.unlink(missing_ok=True)
