"""In what a folder differs from its lock."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from layer1_extract.dataset_lock.lock_file import LockedFile, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from layer1_extract.dataset_lock.lock_file import Lock


class Sized(Protocol):
    """A file of which at least the size is known."""

    @property
    def size(self) -> int:
        """Bytes."""
        ...


@dataclass(frozen=True)
class Differences:
    """Names of files.

    Attributes
    ----------
    missing : list of str
        Listed, and not there.
    changed : dict of str to str
        Listed, and there with another size or content; what is other.
    new : list of str
        There, and not listed.
    """

    missing: list[str] = field(default_factory=list)
    changed: dict[str, str] = field(default_factory=dict)
    new: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.missing or self.changed or self.new)

    def said(self, new: str) -> list[str]:
        """A line for each name; `new` is the word for what is not listed."""
        changed = [f"{shown(name)}: {how}" for name, how in self.changed.items()]
        by_word = {
            "missing": [shown(name) for name in self.missing],
            "changed": changed,
            new: [shown(name) for name in self.new],
        }
        return [f"  {word} {line}" for word, lines in by_word.items() for line in lines]


def differences(lock: Lock, files: Mapping[str, Sized]) -> Differences:
    """Compare a lock with the files that are there.

    Parameters
    ----------
    lock : Lock
    files : dict of str to LockedFile or FoundFile
        All that are there. Contents are compared where they are known, else sizes.
    """
    changed = {name: _change(was, files[name]) for name, was in lock.files.items() if name in files}
    return Differences(
        [name for name in lock.files if name not in files],
        {name: how for name, how in changed.items() if how},
        [name for name in files if name not in lock.files],
    )


def _change(was: LockedFile, now: Sized) -> str:
    """What is other about a file; empty where nothing is seen to be."""
    if was.size != now.size:
        return f"{was.size} bytes were locked, {now.size} are there"
    if isinstance(now, LockedFile) and was.sha256 != now.sha256:
        return "another content of the same size"
    return ""
