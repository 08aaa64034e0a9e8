"""Whether a cohort says of a slide what it said when its result was made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from common.files import sha256
from common.slide_changes import ANNOTATION, SLIDE, is_another_slide, may_differ

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from common.cohort import SlideEntry

_ANNOTATION_SHA256: Final = "annotation_sha256"
_TEXTS: Final = ("patient", "node", "centre", "split", "slide_label")


def entry_changes(
    entry: SlideEntry,
    inputs: Mapping[str, str],
    mpp: float | None,
    outcome: Path,
    seen: Mapping[str, Sequence[int]] | None = None,
) -> list[str]:
    """What is otherwise now, by the names of the cohort's columns; empty where nothing is.

    Parameters
    ----------
    entry : SlideEntry
        What the cohort says now.
    inputs : mapping
        What the result followed from; what it does not name made no difference.
    mpp : float or None, um/px
        Scale of level 0 that it was made with; None where it is not known.
    outcome : Path
        File that was written when the result was there.
    seen : mapping or None
        What slide and annotation were then, as `Outcome.seen` has it; None or empty where that is
        not known. They are read only where they are not that any more, or else newer than
        `outcome`.

    Returns
    -------
    list of str
        With ``slide`` where its file is another one.
    """
    seen = seen or {}
    changed = [name for name in _TEXTS if inputs.get(name, (now := getattr(entry, name))) != now]
    if entry.mpp is not None and mpp is not None and entry.mpp != mpp:
        changed.append("mpp")
    before = inputs.get(_ANNOTATION_SHA256)
    if before is not None and _other(entry.annotation, before, seen.get(ANNOTATION), outcome):
        changed.append(ANNOTATION)
    if is_another_slide(entry, inputs, seen, outcome):
        changed.append(SLIDE)
    return changed


def _other(annotation: Path | None, before: str, seen: Sequence[int] | None, outcome: Path) -> bool:
    if annotation is None or not before:
        return (annotation is None) != (not before)
    try:
        return may_differ(annotation, seen, outcome) and sha256(annotation) != before
    except OSError:  # out of reach: its slide's outcome will say so
        return False
