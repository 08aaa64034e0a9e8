"""How far a folder of results is, told from its files alone."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, get_args

from common.cli import Result
from common.errors import ConfigError
from common.files import look_anew, write_text
from common.outcomes import FOLDER as OUTCOMES
from common.outcomes import Outcome, as_csv, read_outcome
from common.parts import part_name
from common.patch_file.reader import FOLDER as PATCHES
from common.patch_file.schema import SUFFIX
from layer1_extract.cohort_record import blocks_of, known_ids
from layer1_extract.left import names_in
from layer1_extract.running import Claim, read_claims

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

State = Literal["done", "empty", "failed", "out_of_reach", "running", "stopped", "missing"]
TABLE: Final = "outcomes.csv"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class UnitState:
    """Where one slide or part stands.

    Attributes
    ----------
    name : str
    state : {"done", "empty", "failed", "out_of_reach", "running", "stopped", "missing"}
        Out of reach failed because its host could not get at its files; running was heard of
        lately; stopped was begun, and not heard of since.
    outcome : Outcome or None
        Where it is done, empty or failed.
    said : str
        Where and how far it is, or why it failed.
    """

    name: str
    state: State
    outcome: Outcome | None = None
    said: str = ""


def states_of(out: Path, slide_ids: Iterable[str]) -> list[UnitState]:
    """The state of every slide, or of each of its parts where slides are cut.

    Raises
    ------
    ContractError
        If a file in ``outcomes`` is no outcome.
    """
    look_anew(out / OUTCOMES)
    claims, blocks = read_claims(out), blocks_of(out)
    outcomes: dict[str, Outcome | None] = {}
    for slide_id in slide_ids:
        whole = read_outcome(out, slide_id)  # forgotten as soon as a part is begun
        if whole is not None or blocks == 1:
            outcomes[slide_id] = whole
            continue
        names = [part_name(slide_id, part, blocks) for part in range(blocks)]
        outcomes |= {name: read_outcome(out, name) for name in names}
    files = names_in(out / PATCHES, SUFFIX)  # read after the outcomes, which are written after them
    whole_ones = {
        name: one if one and (one.status == "failed" or name in files) else None
        for name, one in outcomes.items()
    }
    return [_state(out, name, one, claims.get(name)) for name, one in whole_ones.items()]


def cohort_ids(out: Path, cohort: Path | None) -> list[str]:
    """The slides that should be in `out`: those of `cohort`, else all that runs knew of.

    Raises
    ------
    ConfigError
        Where there is neither.
    """
    from common.cohort import read_cohort

    if cohort is not None:
        return sorted(entry.slide_id for entry in read_cohort(cohort))
    if known := known_ids(out):
        return sorted(known)
    raise ConfigError(
        f"{out}: expected the slides or outcomes of a run, found none. Give the folder that "
        "layer1-extract extract or import wrote, or --cohort SLIDES"
    )


def write_table(out: Path, states: Sequence[UnitState]) -> None:
    """Gather the outcomes in ``outcomes.csv``, a line each."""
    if (out / OUTCOMES).is_dir():
        write_text(out / TABLE, as_csv(state.outcome for state in states if state.outcome))


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
    try:
        write_table(out, states)
    except ConfigError as error:
        log.warning("%s", error)  # in a folder that one may only read
    number = {state: sum(one.state == state for one in states) for state in get_args(State)}
    outcomes = [state.outcome for state in states if state.outcome]
    counts = _total(outcomes)
    seconds = sum(outcome.seconds for outcome in outcomes)
    speed = counts["kept"] / seconds if seconds else 0.0
    said = ", ".join(f"{count} {_words(state)}" for state, count in number.items())
    lines = [f"{len(states)} slides and parts: {said}"]
    lines.append(f"{_counts_said(counts)}; {speed:.0f} patches/s in each process")
    told = [one for one in states if one.state not in {"done", "empty"}]
    lines += [f"  {_words(one.state)} {one.name}{_colon(one.said)}" for one in told]
    data = {
        "out": str(out),
        "states": number,
        "counts": dict(counts),
        "patches_per_second": round(speed, 3),
        "units": [{"name": one.name, "state": one.state, "said": one.said} for one in states],
    }
    return Result("\n".join(lines), data)


def _state(out: Path, name: str, outcome: Outcome | None, claim: Claim | None) -> UnitState:
    if outcome is not None and (
        claim is None or claim.stale or claim.beat <= _written(out, name)
    ):  # what is begun anew has no outcome: a process that was too much has stopped
        if outcome.out_of_reach:
            said = f"host {outcome.out_of_reach}: {outcome.reason}"
            return UnitState(name, "out_of_reach", outcome, said)
        return UnitState(name, outcome.status, outcome, outcome.reason)
    if claim is not None:
        return UnitState(name, "stopped" if claim.stale else "running", said=str(claim))
    return UnitState(name, "missing")


def _words(state: str) -> str:
    return state.replace("_", " ")


def _colon(said: str) -> str:
    return f": {said}" if said else ""


def _written(out: Path, name: str) -> float:
    """When an outcome was written, seconds since 1970; 0 where it is gone by now."""
    try:
        return (out / OUTCOMES / f"{name}.json").stat().st_mtime
    except OSError:
        return 0.0


def _total(outcomes: Iterable[Outcome]) -> Counter[str]:
    total: Counter[str] = Counter(kept=0, rejected=0)
    for outcome in outcomes:
        total.update(outcome.counts)
    return total


def _counts_said(counts: Counter[str]) -> str:
    kinds = [f"{counts[name]} {name}" for name in ("tumor", "normal", "unknown") if counts[name]]
    detail = f" ({', '.join(kinds)})" if kinds else ""
    return f"{counts['kept']} patches kept{detail}, {counts['rejected']} rejected"
