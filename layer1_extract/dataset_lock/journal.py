"""What was hashed before a lock was whole, so that a killed command goes on.

A hidden file beside the lock, one for each process: on shared storage two that write to the same
would mix their lines. All of them go when the lock is written; it is opened for each line, since
another process may have been first to write the lock.
"""

from __future__ import annotations

import json
import secrets
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from common.files import writable
from layer1_extract.dataset_lock.listing import FoundFile
from layer1_extract.dataset_lock.lock_file import NAME

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

    from layer1_extract.dataset_lock.hashing import Hashed

_SUFFIX: Final = ".journal"
_YOUNG_NS: Final = 2 * 10**9
"""Two writes within this may give a file the same time, on file systems with coarse clocks."""


class Journal:
    """Hashes of files that need not be read again.

    Parameters
    ----------
    folder : Path
        What is being locked.
    path : Path
        New lines go there.
    begun : int, ns since 1970
        When, by the clock of the file system.
    """

    def __init__(self, folder: Path, path: Path, begun: int) -> None:
        self._folder = folder
        self._path = path
        self._begun = begun

    def add(self, hashed: Hashed) -> None:
        """Remember one, unless it was written so late that a change might not show."""
        if hashed.file is None or hashed.file.modified > self._begun - _YOUNG_NS:
            return
        said = {"name": hashed.name, "sha256": hashed.sha256, **asdict(hashed.file)}
        with writable(self._folder / NAME), self._path.open("a", encoding="ascii") as stream:
            stream.write(json.dumps(said) + "\n")

    def remove(self) -> None:
        """Forget all; the lock says it now."""
        for path in _journals(self._folder):
            with suppress(OSError):
                path.unlink(missing_ok=True)


@contextmanager
def journal(folder: Path) -> Generator[Journal, None, None]:
    """A journal to write; left behind it tells the next command.

    Raises
    ------
    ConfigError
        If nothing can be written there.
    """
    path = folder / f".{NAME}.{secrets.token_hex(8)}{_SUFFIX}"
    with writable(folder / NAME):
        path.open("x").close()
        begun = path.stat().st_mtime_ns
    yield Journal(folder, path, begun)
    with suppress(OSError):
        if not path.stat().st_size:
            path.unlink()


def remembered(folder: Path, files: Mapping[str, FoundFile]) -> dict[str, str]:
    """Hashes of those `files` that are as they were when they were read, by name."""
    found: dict[str, str] = {}
    for path in _journals(folder):
        with suppress(OSError):
            for line in path.read_text(encoding="ascii", errors="replace").splitlines():
                name, sha256, file = _parsed(line)
                if file is not None and files.get(name) == file:
                    found[name] = sha256
    return found


def _parsed(line: str) -> tuple[str, str, FoundFile | None]:
    """One line; a kill may have cut it short."""
    try:
        said: dict[str, Any] = json.loads(line)
        return said.pop("name"), said.pop("sha256"), FoundFile(**said)
    except (ValueError, TypeError, KeyError, AttributeError):
        return "", "", None


def _journals(folder: Path) -> list[Path]:
    return sorted(folder.glob(f".{NAME}.*{_SUFFIX}"))
