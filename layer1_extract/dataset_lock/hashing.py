"""Hashes of many files at once, in threads: hashing leaves Python to the others meanwhile."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from queue import SimpleQueue
from typing import TYPE_CHECKING

from common.amounts import size
from common.files import blocks
from common.progress import live
from layer1_extract.dataset_lock.listing import FoundFile

if TYPE_CHECKING:
    from collections.abc import Generator, Hashable, Iterator, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Hashed:
    """A file that was read from start to end, or why it was not.

    Attributes
    ----------
    name : str
    file : FoundFile or None
        As it stood when it was read.
    sha256 : str
        Hexadecimal; empty where it was not read.
    read : int, bytes
        Read for it; 0 where the file has another name under which it was read.
    wrong : str
        What the system said, or that the file changed meanwhile; empty where it was read.
    """

    name: str
    file: FoundFile | None = None
    sha256: str = ""
    read: int = 0
    wrong: str = ""


class Stopped(Exception):  # noqa: N818 - no error: the work is no longer wanted
    """The threads are asked to end."""


class Tally:
    """How much was read so far, counted by several threads.

    Parameters
    ----------
    total : int, bytes
        What there is to read.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self.done = 0
        self.stopped = threading.Event()
        self._lock = threading.Lock()
        self._start = time.perf_counter()

    def add(self, size: int) -> None:
        """Count some bytes.

        Raises
        ------
        Stopped
            Where nobody waits for them any more.
        """
        if self.stopped.is_set():
            raise Stopped
        with self._lock:
            self.done += size

    @property
    def rate(self) -> float:
        """Megabytes per second so far."""
        return self.done / 1e6 / max(time.perf_counter() - self._start, 1e-9)

    def look(self) -> tuple[float, str]:
        """Share that is done, and words for it."""
        done, total = size(self.done), size(self.total)
        return self.done / max(self.total, 1), f"{done} of {total}, {self.rate:.0f} MB/s"


def hash_files(
    folder: Path, files: Mapping[str, FoundFile], workers: int, what: str
) -> Generator[Hashed, None, None]:
    """Read files and give their hashes as they end, with a bar that counts bytes.

    The largest are begun first, so that no thread is left with one at the end. A file with
    several names is read once.

    Parameters
    ----------
    folder : Path
    files : dict of str to FoundFile
        By name, relative to `folder`.
    workers : int
        Files read at the same time.
    what : str
        Said in front of the bar.
    """
    if not files:
        return
    named = _names(files)
    threads = max(1, min(workers, len(named)))
    tally = Tally(sum(files[names[0]].size for names in named))
    waiting = iter(sorted(named, key=lambda names: (-files[names[0]].size, names)))
    taking = threading.Lock()
    ended: SimpleQueue[Hashed | None] = SimpleQueue()

    def work() -> None:
        try:
            while (names := _next(waiting, taking)) is not None:
                first, *others = names
                hashed = _hashed(folder / first, first, files[first], tally)
                for one in (hashed, *(replace(hashed, name=other, read=0) for other in others)):
                    ended.put(one)
        finally:
            ended.put(None)

    with live(what, tally.look), ThreadPoolExecutor(threads) as pool:
        try:
            working = [pool.submit(work) for _ in range(threads)]
            for _ in working:
                yield from iter(ended.get, None)
            for thread in working:
                thread.result()
        finally:
            tally.stopped.set()


def _names(files: Mapping[str, FoundFile]) -> list[list[str]]:
    """All names of each file, those of one and the same together.

    Where a file system numbers no files, each name is taken for a file of its own.
    """
    same: dict[Hashable, list[str]] = defaultdict(list)
    for name, file in files.items():
        same[(file.identity, file) if file.identity[1] else name].append(name)
    return list(same.values())


def _next(files: Iterator[list[str]], taking: threading.Lock) -> list[str] | None:
    with taking:
        return next(files, None)


def _hashed(path: Path, name: str, before: FoundFile, tally: Tally) -> Hashed:
    """Read one file, and see afterwards whether it is as it was `before`."""
    digest, read = hashlib.sha256(), 0
    try:
        for block in blocks(path):
            digest.update(block)
            read += len(block)
            tally.add(len(block))
        after = _as_it_stands(path)
    except OSError as error:
        return Hashed(name, read=read, wrong=error.strerror or str(error))
    if after != before or read != after.size:
        return Hashed(name, read=read, wrong="it changed while it was read")
    return Hashed(name, after, digest.hexdigest(), read)


def _as_it_stands(path: Path) -> FoundFile:
    """A file as its server sees it: opening it asks there, where a name alone may be remembered."""
    with path.open("rb", buffering=0) as stream:
        return FoundFile.of(os.fstat(stream.fileno()))
