"""How far a folder of heatmaps is, told from its files alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal, get_args

from common.cli import Result
from common.cohort import read_cohort
from common.errors import ConfigError, ContractError
from common.files import clock_of, look_anew
from common.outcomes import FOLDER as OUTCOMES
from common.outcomes import outcome_path
from layer3_infer.answer_store import Begun, begun_in
from layer3_infer.heatmap_file import SUFFIX
from layer3_infer.results_folder import ResultsFolder
from layer3_infer.run_claim import RUN, read_run
from layer3_infer.slide_result import OTHERS, SlideResult, read_result

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path
    from typing import Any

State = Literal["done", "empty", "failed", "out_of_reach", "running", "stopped", "missing"]
STALE_S: Final = 300.0
"""A slide of which no answers came for longer is taken to have been stopped."""

NAMED: Final = 20
"""Slides of one state that a person is told the names of, at most."""


@dataclass(frozen=True)
class SlideState:
    """Where one slide stands.

    Attributes
    ----------
    name : str
    state : {"done", "empty", "failed", "out_of_reach", "running", "stopped", "missing"}
        Out of reach failed because its host could not get at its file. Of a running one answers
        came lately; a stopped one was begun, and none came since. One that is begun is missing
        until its first answers are kept, half a minute later.
    result : SlideResult or None
        Where it came to an end.
    said : str
        How far it is, or why it failed.
    """

    name: str
    state: State
    result: SlideResult | None = None
    said: str = ""


def cohort_ids(out: Path, cohort: Path | None) -> list[str]:
    """The slides that should be in `out`: those of `cohort`, else all that runs were given.

    Raises
    ------
    ConfigError
        Where there is neither.
    """
    if cohort is not None:
        return sorted(entry.slide_id for entry in read_cohort(cohort))
    if known := read_run(out).get("slides"):
        return sorted(known)
    raise ConfigError(
        f"{out}: expected {RUN} of a run over slides, found none. Give the folder that "
        "layer3-infer heatmap wrote, or --cohort SLIDES"
    )


def states_of(out: Path, slide_ids: Iterable[str]) -> list[SlideState]:
    """The state of every slide."""
    look_anew(out / OUTCOMES)
    run, begun = read_run(out), begun_in(ResultsFolder(out).unfinished)
    now = clock_of(ResultsFolder(out).unfinished) if begun else 0.0
    files = {path.name.removesuffix(SUFFIX) for path in out.glob(f"[!.]*{SUFFIX}")}
    found = ((name, _finished(out, name, files, run)) for name in slide_ids)
    return [_state(out, one, begun.get(name), now) for name, one in found]


def status(out: Path, cohort: Path | None = None) -> Result:
    """How many slides are done, running, failed, empty or missing, and how fast it went.

    Parameters
    ----------
    out : Path
        Folder of the results.
    cohort : Path or None
        What should be in it; None takes what the runs were given.
    """
    states = states_of(out, cohort_ids(out, cohort))
    number = {state: sum(one.state == state for one in states) for state in get_args(State)}
    results = [one.result for one in states if one.result]
    counts = sum((Counter(one.counts) for one in results), Counter[str](analysed=0))
    seconds = sum(one.seconds for one in results)
    speed = counts["analysed"] / seconds if seconds else 0.0
    said = ", ".join(f"{count} {_words(state)}" for state, count in number.items())
    lines = [f"{len(states)} slides: {said}"]
    lines.append(f"{counts['analysed']} patches analysed; {speed:.0f} patches/s in each process")
    data = {
        "out": str(out),
        "states": number,
        "counts": dict(counts),
        "patches_per_second": round(speed, 3),
        "units": [{"name": one.name, "state": one.state, "said": one.said} for one in states],
    }
    return Result("\n".join([*lines, *_named(states)]), data)


def _named(states: Sequence[SlideState]) -> list[str]:
    """A line for each slide that a person should know of, where they are few."""
    lines: list[str] = []
    for state in get_args(State)[2:]:
        ones = [one for one in states if one.state == state]
        lines += [f"  {_words(state)} {one.name}{_colon(one.said)}" for one in ones[:NAMED]]
        if len(ones) > NAMED:
            lines.append(f"  and {len(ones) - NAMED} more {_words(state)}; --json names all")
    return lines


def _words(state: str) -> str:
    return state.replace("_", " ")


def _colon(said: str) -> str:
    return f": {said}" if said else ""


def _finished(out: Path, name: str, files: set[str], run: Mapping[str, Any]) -> SlideState:
    """What the outcome of a slide says, where it holds; the slide is missing where none does."""
    try:
        result = read_result(out, name)
    except ContractError as error:
        return SlideState(name, "missing", said=str(error))
    if result is not None and result.out_of_reach:
        said = f"host {result.out_of_reach}: {result.reason}"
        return SlideState(name, "out_of_reach", result, said)
    if result is not None and result.status == "failed":
        return SlideState(name, "failed", result, result.reason)
    if result is None or name not in files:
        return SlideState(name, "missing")
    if not result.made_by(run):
        return SlideState(name, "missing", said=OTHERS)
    return SlideState(name, result.status, result, result.reason)


def _state(out: Path, one: SlideState, begun: Begun | None, now: float) -> SlideState:
    """Of an outcome and answers that are kept, what is newer; of stale answers only what is all."""
    if begun is None:
        return one
    stale = now - begun.heard > STALE_S
    if one.result is not None and (stale or begun.heard <= _written(out, one.name)):
        return one
    at = datetime.fromtimestamp(begun.heard, UTC).isoformat(timespec="seconds")
    said = f"{begun.patches} patches answered, last heard of at {at}"
    return SlideState(one.name, "stopped" if stale else "running", said=said)


def _written(out: Path, name: str) -> float:
    """When an outcome was written, seconds since 1970; 0 where it is gone by now."""
    try:
        return outcome_path(out, name).stat().st_mtime
    except OSError:
        return 0.0
