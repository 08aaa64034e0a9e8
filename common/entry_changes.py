"""Whether a cohort says of a slide what it said when its result was made; no slide is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from common.files import sha256

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from common.cohort import SlideEntry

ANNOTATION: Final = "annotation_sha256"
_TEXTS: Final = ("patient", "node", "centre", "split", "slide_label")


def entry_changes(
    entry: SlideEntry, inputs: Mapping[str, str], mpp: float | None, outcome: Path
) -> list[str]:
    """What the cohort says otherwise now, by the names of its columns; empty where nothing is.

    Parameters
    ----------
    entry : SlideEntry
        What it says now.
    inputs : mapping
        What the result followed from; what it does not name made no difference.
    mpp : float or None, um/px
        Scale of level 0 that it was made with; None where it is not known.
    outcome : Path
        File that was written when the result was there. An annotation is read only where it is
        newer.
    """
    changed = [name for name in _TEXTS if inputs.get(name, (now := getattr(entry, name))) != now]
    if entry.mpp is not None and mpp is not None and entry.mpp != mpp:
        changed.append("mpp")
    if ANNOTATION in inputs and _other_annotation(entry.annotation, inputs[ANNOTATION], outcome):
        changed.append("annotation")
    return changed


def _other_annotation(annotation: Path | None, before: str, outcome: Path) -> bool:
    if annotation is None or not before:
        return (annotation is None) != (not before)
    try:
        newer = annotation.stat().st_mtime_ns > outcome.stat().st_mtime_ns
        return newer and sha256(annotation) != before
    except OSError:  # out of reach: its slide's outcome will say so
        return False
