"""Whether a result is of what the cohort says of its slide by now."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from common import outcomes
from common.entry_changes import entry_changes
from common.outcomes import outcome_path
from common.slide_changes import ANNOTATION, SLIDE, is_same, may_differ, seen_of
from layer3_infer.slide_result import read_result

if TYPE_CHECKING:
    from pathlib import Path

    from common.cohort import SlideEntry
    from layer3_infer.slide_result import SlideResult

_DRAWN: Final = "annotation_sha256"


def result_changes(entry: SlideEntry, result: SlideResult, folder: Path) -> list[str]:
    """What is otherwise now, by the names of the cohort's columns; empty where nothing is.

    Parameters
    ----------
    entry : SlideEntry
        What the cohort says now.
    result : SlideResult
        Of a slide that failed, only whether its files are others than it was tried with is told.
    folder : Path
        Of the results.
    """
    outcome = outcome_path(folder, entry.slide_id)
    if result.status == "failed":
        return [name for name in _to_look_into(entry, result, outcome) if result.seen.get(name)]
    drawn = _as_drawn(entry, result)
    return entry_changes(drawn, result.inputs, result.mpp, outcome, result.seen)


def note_same(folder: Path, entry: SlideEntry, result: SlideResult) -> None:
    """Record what the files of a slide are now, where they are others by their time alone.

    They need not be looked into again then. Nothing is recorded of one that cannot be read.
    """
    entry = _as_drawn(entry, result)
    seen = seen_of(entry)  # before they are looked into
    outcome = outcome_path(folder, entry.slide_id)
    if _to_look_into(entry, result, outcome) and is_same(entry, result.inputs):
        note_seen(folder, result, seen)


def note_seen(folder: Path, result: SlideResult, seen: dict[str, list[int]]) -> None:
    """Record what the files of a slide are now, where their content was found to be the same.

    Parameters
    ----------
    folder : Path
        Of the results.
    result : SlideResult
        It is left alone where another one has taken its place meanwhile.
    seen : dict of str to list of int
        What `seen_of` said before their content was read.
    """
    there = read_result(folder, result.slide_id) if seen != result.seen else None
    if there is not None and there.inputs == result.inputs:
        outcomes.note_seen(folder, there, seen)


def _as_drawn(entry: SlideEntry, result: SlideResult) -> SlideEntry:
    """That an annotation is not there is the same as before, where it was not there then."""
    if entry.annotation and not (result.inputs.get(_DRAWN) or entry.annotation.is_file()):
        return replace(entry, annotation=None)
    return entry


def _to_look_into(entry: SlideEntry, result: SlideResult, outcome: Path) -> list[str]:
    """Which files of a slide may be others by now."""
    files = {SLIDE: entry.path, ANNOTATION: entry.annotation}
    given = {name: path for name, path in files.items() if path is not None}
    return [n for n, path in given.items() if may_differ(path, result.seen.get(n), outcome)]
