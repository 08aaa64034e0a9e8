"""The lock file, which lists a folder: the only module that spells what is in it.

Its specification is lock_file.md.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from common.errors import ContractError
from common.files import whole_file
from common.outcomes import DATASET_LOCK
from common.provenance import software

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

NAME: Final = DATASET_LOCK
FORMAT: Final = "camnet-lock"
FORMAT_VERSION: Final = "1.0"
_ADVICE: Final = "Copy the lock file anew"
_HEAD: Final = re.compile(r"# (?P<format>\S+) (?P<version>(?P<major>\d+)\.\d+)")
_COMMENT: Final = re.compile(r"# (files|bytes|dataset|software|made|size) (.*)", re.DOTALL)
_FILE: Final = re.compile(r"(\\?)([0-9a-f]{64}) [ *](.+)", re.DOTALL)
_ESCAPES: Final = {"\\": "\\\\", "\n": "\\n", "\r": "\\r"}
_NUMBERS: Final = ("files", "bytes")


@dataclass(frozen=True, slots=True)
class LockedFile:
    """One file of a locked folder.

    Attributes
    ----------
    size : int, bytes
    sha256 : str
        Hexadecimal.
    """

    size: int
    sha256: str


@dataclass(frozen=True)
class Lock:
    """What a folder holds.

    Attributes
    ----------
    files : dict of str to LockedFile
        By name, relative to the folder, in the order of the names' bytes; what is not UTF-8 in
        them as `os.fsdecode` gives it.
    software : str
        Who listed them.
    made : str
        When, UTC.
    """

    files: Mapping[str, LockedFile]
    software: str
    made: str

    @classmethod
    def now(cls, files: Mapping[str, LockedFile]) -> Lock:
        """A lock this software makes now."""
        ordered = {name: files[name] for name in sorted(files, key=os.fsencode)}
        return cls(ordered, software(), datetime.now(UTC).isoformat(timespec="seconds"))

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files.values())

    @property
    def dataset(self) -> str:
        """SHA-256 of names and contents: what two folders have in common that are the same."""
        return _digest(_line(name, file) for name, file in self.files.items())


def escaped(name: str) -> str:
    r"""A name on one line.

    Examples
    --------
    >>> print(escaped("two\nlines"))
    two\nlines
    """
    return "".join(_ESCAPES.get(letter, letter) for letter in name)


def shown(name: str) -> str:
    r"""A name for a person, on one line and in letters every terminal takes.

    Examples
    --------
    >>> print(shown("a\udce9.tif"))
    a\udce9.tif
    """
    return escaped(name).encode("utf-8", "backslashreplace").decode("utf-8")


def write_lock(path: Path, lock: Lock) -> None:
    """Write a lock file, whole or not at all; one already there is replaced."""
    lines = [
        f"# {FORMAT} {FORMAT_VERSION}",
        f"# files {len(lock.files)}",
        f"# bytes {lock.size}",
        f"# dataset {lock.dataset}",
        f"# software {lock.software}",
        f"# made {lock.made}",
    ]
    for name, file in lock.files.items():
        lines += [f"# size {file.size}", _line(name, file)]
    with whole_file(path) as partial:
        partial.write_bytes(os.fsencode("\n".join(lines) + "\n"))


def read_lock(path: Path) -> Lock:
    """A lock file that keeps its specification.

    Raises
    ------
    ContractError
        The first violation; a version this software does not know names the one that wrote it.
    """
    try:
        lines = os.fsdecode(path.read_bytes()).split("\n")
    except OSError as error:
        advice = "Make one with layer1-extract lock"
        raise ContractError(path, "file", "a lock file", str(error.strerror), advice) from error
    said = _said(path, lines)
    files = dict(_files(path, lines))
    lock = Lock(files, said["software"], said["made"])
    found = {"files": str(len(files)), "bytes": str(lock.size), "dataset": lock.dataset}
    for key, value in found.items():
        if said[key] != value:
            raise ContractError(path, key, said[key], value, _ADVICE)
    return lock


def _said(path: Path, lines: list[str]) -> dict[str, str]:
    """What the head says, after its version was seen to be known."""
    head = _HEAD.fullmatch(lines[0])
    if head is None or head["format"] != FORMAT:
        advice = f"sha256sum --check {path.name} reads other lists"
        raise ContractError(path, "line 1", f"# {FORMAT} {FORMAT_VERSION}", lines[0][:80], advice)
    comments = (_COMMENT.fullmatch(line) for line in lines if line.startswith("#"))
    said = {found[1]: found[2] for found in comments if found}
    if head["major"] != FORMAT_VERSION.partition(".")[0]:
        by = f"{head['version']}, written by {said.get('software', 'unknown software')}"
        raise ContractError(path, "version", FORMAT_VERSION, by, "Use that software, or newer")
    for key in (*_NUMBERS, "dataset", "software", "made"):
        if key not in said:
            raise ContractError(path, key, "a line that says it", "none", _ADVICE)
    return said


def _files(path: Path, lines: list[str]) -> Iterator[tuple[str, LockedFile]]:
    """The files listed, each once and in their order."""
    if lines[-1]:
        raise ContractError(path, f"line {len(lines)}", "a line feed at its end", "none", _ADVICE)
    last, size = b"", None
    for number, line in enumerate(lines[:-1], 1):
        if line.startswith("#"):
            comment = _COMMENT.fullmatch(line)
            size = comment[2] if comment and comment[1] == "size" else size
            continue
        name, file = _parsed(path, number, line, size)
        if not _is_inside(name) or os.fsencode(name) <= last:
            expected = "names inside the folder, each once, in the order of their bytes"
            raise ContractError(path, f"line {number}", expected, repr(name), _ADVICE)
        last, size = os.fsencode(name), None
        yield name, file


def _parsed(path: Path, number: int, line: str, size: str | None) -> tuple[str, LockedFile]:
    parts = _FILE.fullmatch(line)
    if parts is None:
        expected = "64 hexadecimal digits, two spaces and a name"
        raise ContractError(path, f"line {number}", expected, line[:80], _ADVICE)
    if size is None or not (size.isascii() and size.isdecimal()):
        raise ContractError(path, f"line {number}", "# size before it", str(size), _ADVICE)
    name = _unescaped(parts[3]) if parts[1] else parts[3]
    return name, LockedFile(int(size), parts[2])


def _line(name: str, file: LockedFile) -> str:
    """The line of one file, as ``sha256sum`` prints it."""
    written = escaped(name)
    return f"{'' if written == name else chr(92)}{file.sha256}  {written}"


def _unescaped(text: str) -> str:
    meant = {written: letter for letter, written in _ESCAPES.items()}
    return re.sub(r"\\[\\nr]", lambda found: meant[found[0]], text)


def _is_inside(name: str) -> bool:
    return not {"", ".", ".."} & {*name.split("/")} and "\0" not in name


def _digest(lines: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for line in lines:
        digest.update(os.fsencode(line + "\n"))
    return digest.hexdigest()
