"""Where the files of a cohort lie, for a container that sees only the folders it is told of."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from common.cohort.entry import SlideEntry

MOST: Final = 16
"""Folders to name at most; where there are more, the folders they are in are named."""

_LEAST_DEPTH: Final = 2
"""A folder as high as ``/data`` may hold anything, and ``/`` does."""


def folders_of(entries: Iterable[SlideEntry]) -> list[Path]:
    """The folders that hold the slides and annotations, and what links among them lead to.

    None is inside another. No slide is opened.
    """
    paths = {path for entry in entries for path in (entry.path, entry.annotation) if path}
    folders = {path.parent for path in paths} | {
        Path(os.path.realpath(path)).parent for path in paths
    }
    found = _outermost(folders)
    while len(found) > MOST:
        higher = _outermost(folder.parent if _deep(folder) else folder for folder in found)
        if higher == found:
            break
        found = higher
    return found


def absent(entries: Iterable[SlideEntry]) -> list[str]:
    """The ids of slides whose file is not there."""
    return [entry.slide_id for entry in entries if not entry.path.exists()]


def _deep(folder: Path) -> bool:
    return len(folder.parts) - 1 > _LEAST_DEPTH


def _outermost(folders: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for folder in sorted(set(folders)):
        if not found or not folder.is_relative_to(found[-1]):
            found.append(folder)
    return found
