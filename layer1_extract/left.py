"""What earlier runs left to do, told without opening a patch file, or a slide that is as it was."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from common.entry_changes import entry_changes
from common.errors import ContractError
from common.outcomes import FOLDER as OUTCOMES
from common.outcomes import outcome_path, read_outcome
from common.parts import parse_part
from common.patch_file.reader import FOLDER as PATCHES
from common.patch_file.schema import SUFFIX
from common.slide_changes import is_same, may_differ_where_noted
from layer1_extract.cohort_record import recorded_cohort
from layer1_extract.inputs import mpp_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from common.cohort import SlideEntry
    from common.outcomes import Outcome
    from common.units import Unit


@dataclass(frozen=True)
class Left:
    """What is to be done, and what is known of the slides; these by their ids.

    Attributes
    ----------
    units : tuple of int
        The units that are to be done, by their place.
    failed : frozenset of str
        Slides that failed before, and not because they were out of reach.
    changed : frozenset of str
        Slides that have a result, of which the cohort says something else by now, or the file of
        which is another.
    new : frozenset of str
        Slides of which there is nothing, or a failure that is to be tried again.
    strangers : frozenset of str
        Slides that have patches and are not in the cohort.
    """

    units: tuple[int, ...]
    failed: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()
    new: frozenset[str] = frozenset()
    strangers: frozenset[str] = frozenset()


def left_of(units: Sequence[Unit], out: Path, *, retry_failed: bool = False) -> Left:
    """What of `units` has no result in `out`, and what else is there.

    A unit is taken for finished where its outcome and its patch file are there, or those of the
    whole slide, the slide's files are what they were, and the cohort says of it what it said then.
    Whether the results still hold is for `extract` and `merge`, which read them.

    Parameters
    ----------
    units : sequence of Unit
    out : Path
        Folder of the results; may be absent.
    retry_failed : bool
        Whether slides that failed before, in whichever part, are to be done again. One that was
        out of reach is, and one that is another by now, or of which the cohort says otherwise.
    """
    outcomes, files = _outcomes(out), names_in(out / PATCHES, SUFFIX)
    told = outcomes.keys()
    entries = {unit.entry.slide_id: unit.entry for unit in units}
    changed, other_files, mended = _changed(entries, outcomes, out)
    lost = [o for name, o in outcomes.items() if o.status == "failed" and name not in files]
    failed = {outcome.slide_id for outcome in lost if not outcome.out_of_reach}
    away = {outcome.slide_id for outcome in lost} - failed
    again = (failed if retry_failed else failed & mended) | away
    anew = changed | other_files
    done = {name for name in told & files if parse_part(name)[0] not in anew}
    over = done | (failed - again)
    left = tuple(
        place
        for place, unit in enumerate(units)
        if unit.entry.slide_id not in over and unit.name not in done
    )
    traces = {parse_part(name)[0] for name in told | files}
    return Left(
        left,
        failed=frozenset(failed & entries.keys()),
        changed=frozenset(changed - failed - away),
        new=frozenset((entries.keys() - traces) | (again & entries.keys())),
        strangers=frozenset({parse_part(name)[0] for name in files} - entries.keys()),
    )


def names_in(folder: Path, suffix: str) -> set[str]:
    """Names in a folder without their suffix; hidden files are not finished."""
    return {path.name.removesuffix(suffix) for path in folder.glob(f"[!.]*{suffix}")}


def _outcomes(out: Path) -> dict[str, Outcome]:
    """Those that can be read: what has another is done anew."""
    found: dict[str, Outcome] = {}
    for name in names_in(out / OUTCOMES, ".json"):
        with suppress(ContractError):
            outcome = read_outcome(out, name)
            found |= {name: outcome} if outcome is not None else {}
    return found


def _changed(
    entries: Mapping[str, SlideEntry], outcomes: Mapping[str, Outcome], out: Path
) -> tuple[set[str], set[str], set[str]]:
    """Slides that are other than before, or of which the cohort says so, in three kinds.

    Other than their result follows from, as far as is known; other files or scale than the latest
    run was given, which may come to the same; and anything other than that run was given, or the
    file or annotation of a slide that failed.
    """
    before = {entry.slide_id: entry for entry in recorded_cohort(out)}
    told = {
        slide_id
        for slide_id, entry in entries.items()
        if slide_id in before and before[slide_id] != replace(entry, fallback_mpp=None)
    }
    moved = {name for name in told if before[name].files != entries[name].files}
    scaled = {name for name in told if before[name].mpp != entries[name].mpp}
    unscaled = {name for name in scaled if entries[name].mpp is None}
    changed, mended = set[str](), set(told)
    for name, outcome in outcomes.items():
        path, seen = outcome_path(out, name), outcome.seen
        entry = entries.get(outcome.slide_id)
        if entry is None:
            continue
        if outcome.status == "failed":
            if may_differ_where_noted(entry, seen):
                mended.add(entry.slide_id)
            continue
        elsewhere = entry.slide_id in moved and not seen
        if (
            entry.slide_id in unscaled
            or (elsewhere and not is_same(entry, outcome.inputs))
            or entry_changes(entry, outcome.inputs, mpp_in(outcome.inputs), path, seen)
        ):
            changed.add(entry.slide_id)
    return changed, moved | scaled, mended
