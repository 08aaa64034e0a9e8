"""Results that are of something else than slide, annotation and cohort are by now.

They stay where the host that was to do the slide anew could not get at it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.entry_changes import entry_changes
from common.outcomes import note_seen, outcome_path, read_outcome
from common.slide_changes import is_same, may_differ, may_differ_where_noted, seen_of
from layer1_extract.inputs import bring_back, lost_labels, mpp_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from common.cohort import SlideEntry
    from common.outcomes import Outcome


def outdated(
    out: Path, outcomes: Iterable[Outcome], entries: Mapping[str, Sequence[SlideEntry]]
) -> list[str]:
    """A line for each result that nothing said of its slide agrees with.

    Where a slide's files were touched and hold the same, its outcome notes what they are now.

    Parameters
    ----------
    out : Path
        Folder of the results.
    outcomes : iterable of Outcome
        Of what is done.
    entries : mapping
        All that is said of each slide, by its id; what is thought to be the latest comes first.
    """
    lines = (_line(out, one, entries.get(one.slide_id, ())) for one in outcomes)
    return [line for line in lines if line]


def _line(out: Path, outcome: Outcome, said: Sequence[SlideEntry]) -> str:
    """What is otherwise than the latest says; empty where some entry says the same as it."""
    if not said or not (names := _changes(out, outcome, latest := said[0])):
        return ""
    others = (entry for entry in said[1:] if entry.files == latest.files or _is_there(entry))
    if any(not _changes(out, outcome, entry) for entry in others):
        return ""
    line = f"{outcome.name} is of another {' and '.join(names)} than now"
    if lost := lost_labels(outcome.inputs, latest):
        record = outcome_path(out, outcome.name)
        return f"{line}: its {lost} is gone. {bring_back(record)}"
    return line


def _changes(out: Path, outcome: Outcome, entry: SlideEntry) -> list[str]:
    path, inputs, seen = outcome_path(out, outcome.name), outcome.inputs, seen_of(entry)
    names = entry_changes(entry, inputs, mpp_in(inputs), path, outcome.seen)
    if names or not _was_read(entry, outcome, path) or not is_same(entry, inputs):
        return names
    if read_outcome(out, outcome.name) == outcome:  # no task does it anew meanwhile
        note_seen(out, outcome, seen)
    return []


def _was_read(entry: SlideEntry, outcome: Outcome, path: Path) -> bool:
    """Whether looking at sizes and times did not tell that the slide's files are the same."""
    if outcome.seen:
        return may_differ_where_noted(entry, outcome.seen)
    return any(may_differ(file, None, path) for file in entry.files)


def _is_there(entry: SlideEntry) -> bool:
    return len(seen_of(entry)) == len(entry.files)
