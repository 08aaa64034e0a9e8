"""Whether the file of a slide is another one than a result was made of, told from what it is now.

Size and time of modification tell what may be another; its content is read only then. Of a slide of
many files the one in the cohort is looked at.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from common.errors import SlideError
from common.files import sha256

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from common.cohort import SlideEntry

FINGERPRINT: Final = "slide_fingerprint"
SLIDE: Final = "slide"
ANNOTATION: Final = "annotation"
_ANNOTATION_SHA256: Final = "annotation_sha256"


def seen_of(entry: SlideEntry) -> dict[str, list[int]]:
    """Bytes of slide and annotation, and when they were modified, for `Outcome.seen`.

    To be asked before they are read: what is replaced meanwhile is then another one.

    Returns
    -------
    dict of str to list of int
        By ``slide`` and ``annotation``: bytes, and nanoseconds since 1970. What is out of reach, or
        not in the cohort, is left out.
    """
    files = {SLIDE: entry.path, ANNOTATION: entry.annotation}
    found = {name: _seen(path) for name, path in files.items() if path is not None}
    return {name: seen for name, seen in found.items() if seen}


def is_another_slide(
    entry: SlideEntry,
    inputs: Mapping[str, str],
    seen: Mapping[str, Sequence[int]],
    outcome: Path,
) -> bool:
    """Whether a slide has another content than its result follows from.

    Parameters
    ----------
    entry : SlideEntry
    inputs : mapping
        What the result followed from. Without a ``slide_fingerprint`` nothing can be told.
    seen : mapping
        What its files were then, as `seen_of` has it; empty where an older version wrote it.
    outcome : Path
        File that was written when the result was there.

    Returns
    -------
    bool
        False too where the slide is out of reach: that it is another one is not known.
    """
    before = inputs.get(FINGERPRINT)
    if not before or not may_differ(entry.path, seen.get(SLIDE), outcome):
        return False
    try:
        return _fingerprint(entry, *_identity(entry.path)) != before
    except (OSError, SlideError):
        return False


def is_same(entry: SlideEntry, inputs: Mapping[str, str]) -> bool:
    """Whether slide and annotation hold what a result follows from; both are read.

    Parameters
    ----------
    entry : SlideEntry
    inputs : mapping
        What the result followed from.

    Returns
    -------
    bool
        False too where one cannot be read, or the result does not say what it followed from.
    """
    drawn = inputs.get(_ANNOTATION_SHA256)
    if FINGERPRINT not in inputs or drawn is None:
        return False
    try:
        now = sha256(entry.annotation) if entry.annotation else ""
        return now == drawn and _fingerprint(entry, *_identity(entry.path)) == inputs[FINGERPRINT]
    except (OSError, SlideError):
        return False


def may_differ_where_noted(entry: SlideEntry, seen: Mapping[str, Sequence[int]]) -> bool:
    """Whether slide or annotation is not what was noted of it, by size and time; none is read.

    False for what is out of reach, and for what nothing was noted of.
    """
    return any(name in seen and now != list(seen[name]) for name, now in seen_of(entry).items())


def may_differ(path: Path, seen: Sequence[int] | None, outcome: Path) -> bool:
    """Whether a file is not what it was, by size and time; it is not read.

    Where it was not noted what it was, it may be another if it came here after the outcome: a copy
    may have the time of modification of what it is a copy of, and a link leads elsewhere. False
    where it is out of reach.
    """
    if seen:
        now = _seen(path)
        return bool(now) and now != list(seen)
    try:
        there, link, written = path.stat(), path.lstat(), outcome.stat().st_mtime_ns
    except OSError:
        return False
    return max(there.st_mtime_ns, there.st_ctime_ns, link.st_ctime_ns) > written


def _seen(path: Path) -> list[int]:
    try:
        found = path.stat()
    except OSError:
        return []
    return [found.st_size, found.st_mtime_ns]


def _identity(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns


@cache
def _fingerprint(entry: SlideEntry, *_now: int) -> str:
    """Of the content; asked once, however many parts of a slide there are."""
    from common.openslide_slide import OpenSlideSlide

    return OpenSlideSlide.of(entry).fingerprint
