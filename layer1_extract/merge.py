"""A folder of results, verified to hold every slide of its cohort, and made ready to use."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from common.cli import Result
from common.cohort import read_cohort
from common.errors import ContractError, SlideError
from common.failures import status_without_failed
from common.files import set_aside
from common.outcomes import Outcome, forget, summary, write_outcome
from common.parts import parse_part, part_name
from common.progress import progress
from common.run_folder import recorded
from layer1_extract.cohort_record import recorded_entries, unit_names
from layer1_extract.extraction import patch_path
from layer1_extract.gaps import failed_slides, refuse_gaps, refuse_many_failed
from layer1_extract.joining import join_slide
from layer1_extract.slides_sheet import write_slides_sheet
from layer1_extract.status import TABLE, UnitState, cohort_ids, states_of, write_table
from layer1_extract.verdict import too_much_undecoded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from common.cohort import SlideEntry

    Leftovers = Mapping[str, int]
    """Slides that are whole and of which parts are left, with the number of their parts."""

log = logging.getLogger(__name__)


def merge(
    out: Path,
    *,
    join: bool = False,
    cohort: Path | None = None,
    set_others_aside: bool = False,
    max_failed: float = 1.0,
) -> Result:
    """Make sure that every slide of the cohort is there, and gather what is said of them.

    A slide that failed is known of: it is reported, and the others are merged. What is there of
    its other parts is set aside, since part of a slide is no result.

    Parameters
    ----------
    out : Path
        Folder of the results.
    join : bool
        Write one file per slide from its parts, and remove these.
    cohort : Path or None
        What should be there, and nothing else; None takes what the runs were given.
    set_others_aside : bool
        Move the patches of slides that are not in the cohort out of the readers' way.
    max_failed : float
        Share of the slides that may fail, 0 to 1; one always may.

    Raises
    ------
    ContractError
        Naming every slide and part that is missing, damaged or out of reach, and those that failed;
        or those that failed, where they are too many; or slides that `cohort` lacks.
    """
    slide_ids = cohort_ids(out, cohort)
    if set_others_aside:
        _set_aside(out, _strangers(out, slide_ids), "is not in the cohort")
    _fail_undecoded(out, states_of(out, slide_ids))
    states = states_of(out, slide_ids)
    write_table(out, states)
    leftovers = _leftovers(out, states)
    refuse_gaps(out, states, {} if join else leftovers, _entries(out, cohort))
    refuse_many_failed(out, states, max_failed)
    if cohort is not None:
        _refuse_strangers(out, _strangers(out, slide_ids), cohort)
    _set_aside_rest(out, states)
    if join:
        _join(out, {**leftovers, **_cut(states)})
        states = states_of(out, slide_ids)
        write_table(out, states)
    outcomes = [state.outcome for state in states if state.outcome]
    write_slides_sheet(out, outcomes)
    return _said(out, outcomes, _strangers(out, slide_ids))


def _entries(out: Path, cohort: Path | None) -> dict[str, list[SlideEntry]]:
    """All that is said of the slides, by their ids: in the cohort, else in what runs were given."""
    if cohort is None:
        return recorded_entries(out)
    return {entry.slide_id: [entry] for entry in read_cohort(cohort)}


def _fail_undecoded(out: Path, states: Sequence[UnitState]) -> None:
    """Let slides fail of which too much does not decode: no part of them alone can tell."""
    slide = (recorded(out) or {}).get("slide", {})
    limit = slide.get("max_unreadable", 1.0) if isinstance(slide, dict) else 1.0
    outcomes = {one.name: one.outcome for one in states if one.outcome}
    for slide_id, parts in _cut(states).items():
        names = [part_name(slide_id, part, parts) for part in range(parts)]
        counts = sum((Counter(outcomes[name].counts) for name in names), Counter[str]())
        if problem := too_much_undecoded(counts, limit):
            failed = replace(outcomes[names[0]], status="failed", reason=f"{slide_id}: {problem}")
            for name in names:
                log.warning("%s: set aside as %s", name, set_aside(patch_path(out, name)))
                forget(out, name)
            write_outcome(out, replace(failed, exit_status=SlideError.exit_status))


def _set_aside_rest(out: Path, states: Sequence[UnitState]) -> None:
    """Move the parts of slides of which another part failed out of the readers' way."""
    failed = failed_slides(states)
    whole = (one.name for one in states if one.state in {"done", "empty"})
    _set_aside(out, [n for n in whole if parse_part(n)[0] in failed], "another part failed")


def _set_aside(out: Path, names: Iterable[str], why: str) -> None:
    for name in names:
        aside = set_aside(patch_path(out, name))
        forget(out, name)
        log.warning("%s: %s: set aside as %s", name, why, aside)


def _refuse_strangers(out: Path, names: Sequence[str], cohort: Path) -> None:
    """Let nothing be trained on slides that were taken out of the cohort.

    Raises
    ------
    ContractError
    """
    if names:
        slides = ", ".join(dict.fromkeys(parse_part(name)[0] for name in names))
        advice = (
            "Name them there, or move their patches out of the way: layer1-extract merge "
            "--set-others-aside"
        )
        raise ContractError(out, "slides", f"those of {cohort} alone", f"{slides} too", advice)


def _cut(states: Iterable[UnitState]) -> dict[str, int]:
    """Slides all of whose parts are done, with the number of their parts."""
    found: dict[str, list[UnitState]] = defaultdict(list)
    for one in states:
        found[parse_part(one.name)[0]].append(one)
    return {
        slide_id: len(parts)
        for slide_id, parts in found.items()
        if len(parts) > 1 and all(one.state in {"done", "empty"} for one in parts)
    }


def _leftovers(out: Path, states: Iterable[UnitState]) -> dict[str, int]:
    whole = {one.name for one in states if one.state in {"done", "empty"}}
    parts = (parse_part(name) for name in sorted(unit_names(out)))
    return {slide_id: number for slide_id, _, number in parts if number > 1 and slide_id in whole}


def _join(out: Path, slides: Leftovers) -> None:
    for slide_id, parts in progress(slides.items(), "join", total=len(slides)):
        join_slide(out, slide_id, parts)


def _strangers(out: Path, slide_ids: Iterable[str]) -> list[str]:
    """Slides and parts that have a patch file and are not in the cohort."""
    known = set(slide_ids)
    names = (name for name in unit_names(out) if parse_part(name)[0] not in known)
    return sorted(name for name in names if patch_path(out, name).exists())


def _said(out: Path, outcomes: Sequence[Outcome], strangers: Sequence[str]) -> Result:
    patches = sum(outcome.counts.get("kept", 0) for outcome in outcomes)
    lines = [summary(outcomes), f"{patches} patches in {out}, listed in {out / TABLE}"]
    if strangers:
        lines.append(f"not of these runs, and not looked at: {', '.join(strangers)}")
    data = {
        "out": str(out),
        "patches": patches,
        "slides": [asdict(outcome) for outcome in outcomes],
        "not_in_cohort": list(strangers),
    }
    return Result("\n".join(lines), data, status_without_failed(outcomes))
