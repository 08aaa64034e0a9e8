"""How each slide of a run ended: one small file per slide, because many tasks cannot share one.

A slide that is cut into parts has one per part.
"""

from __future__ import annotations

import csv
import io
import json
import logging
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, TypeVar, cast, get_args

from common.errors import ConfigError, ContractError, Interrupted, PipelineError, SlideError
from common.files import writable, write_text
from common.parts import part_name
from common.reach import out_of_reach
from common.stopping import stop_if_asked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

T = TypeVar("T")
Status = Literal["done", "empty", "failed"]
FOLDER: Final = "outcomes"
DATASET_LOCK: Final = "dataset.sha256"
"""Holds the hash of every file below its folder, which stay as they are while none is done anew."""

_BUG_STATUS: Final = 1
_ADDED: Final = ("suspect", "notes", "part", "parts", "quotas", "seen", "out_of_reach")
"""Fields that outcomes written by older versions do not have."""

_NO_COLUMN: Final = frozenset({"counts", "inputs", "quotas", "seen"})

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """How one slide ended.

    Attributes
    ----------
    slide_id : str
    status : {"done", "empty", "failed"}
        Empty is a result: nothing on the slide was fit to keep, and `reason` says why.
    reason : str
        Why it is empty, what failed, or what a person should know of a slide that is done.
    counts : dict of str to int
    seconds : float
        Wall time; 0 where a result of an earlier run was kept.
    exit_status : int
        What this slide alone would end the run with.
    inputs : dict of str to str
        What, beside configuration and program, the result follows from. A later run with other
        inputs does the slide anew.
    suspect : str
        Why a person should look at the slide before its result is used; empty where nothing is odd.
    notes : list of str
        What else was done or seen that a person should know.
    part, parts : int
        Which part of the slide this is, counted from 0, and their number; 1 for a whole slide.
    quotas : dict of str to list of int
        Of whatever a limited number was wanted, how many there are and how many were wanted.
    seen : dict of str to list of int
        What slide and annotation were before they were read, as `common.slide_changes.seen_of` has
        it. Unlike `inputs` it only says when these are to be looked at again.
    out_of_reach : str
        The host that could not get at the slide's files, which says nothing of the slide: the next
        run tries it again. Empty where it could.
    """

    slide_id: str
    status: Status
    reason: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    exit_status: int = 0
    inputs: dict[str, str] = field(default_factory=dict)
    suspect: str = ""
    notes: list[str] = field(default_factory=list)
    part: int = 0
    parts: int = 1
    quotas: dict[str, list[int]] = field(default_factory=dict)
    seen: dict[str, list[int]] = field(default_factory=dict)
    out_of_reach: str = ""

    @property
    def name(self) -> str:
        """Slide and part, as in the names of their files."""
        return part_name(self.slide_id, self.part, self.parts)


def attempt(slide_id: str, work: Callable[[], Outcome], files: Iterable[Path] = ()) -> Outcome:
    """The outcome of `work`, whatever happens in it, so that the other slides go on.

    A known error becomes its message; anything else is a bug, is logged with its traceback, and
    ends the run with status 1.

    Parameters
    ----------
    slide_id : str
    work : callable
    files : iterable of Path
        What `work` reads of the slide. Where one of these is out of reach when it fails, that is
        the failure: this host's, and not the slide's.
    """
    stop_if_asked()
    start = time.perf_counter()
    try:
        outcome = work()
    except Interrupted:
        raise  # not the slide's fault: the run stops here and goes on later
    except PipelineError as error:
        stop_if_asked()
        outcome = Outcome(slide_id, "failed", str(error), exit_status=error.exit_status)
        outcome = replace(outcome, out_of_reach=out_of_reach(files, error))
    except Exception as error:
        stop_if_asked()
        log.exception("slide %s: unexpected error", slide_id)
        outcome = _unexpected(slide_id, error, out_of_reach(files, error))
    return replace(outcome, seconds=round(time.perf_counter() - start, 3))


def _unexpected(slide_id: str, error: Exception, host: str) -> Outcome:
    said = f"{slide_id}: {type(error).__name__}: {error}"
    if host:
        status = SlideError.exit_status
        return Outcome(slide_id, "failed", said, exit_status=status, out_of_reach=host)
    reason = f"{said}. This is a bug, please report it"
    return Outcome(slide_id, "failed", reason, exit_status=_BUG_STATUS)


@dataclass(frozen=True)
class Held(Generic[T]):
    """What some work gave, or the error it ended in; called, it gives or raises it.

    Attributes
    ----------
    value : object or None
    error : Exception or None
    """

    value: T | None = None
    error: Exception | None = None

    def __call__(self) -> T:
        """The value; what the work raised is raised here."""
        if self.error is not None:
            raise self.error
        return cast("T", self.value)


def held(work: Callable[[], T]) -> Held[T]:
    """Do `work` now, so that an error is raised where `attempt` knows whose it is."""
    try:
        return Held(work())
    except Interrupted:
        raise
    except Exception as error:  # noqa: BLE001 - `attempt` tells bugs from the rest
        return Held(error=error)


def outcome_path(folder: Path, name: str) -> Path:
    """Where the outcome of a slide or part lies in a folder of results."""
    return folder / FOLDER / f"{name}.json"


def write_outcome(folder: Path, outcome: Outcome) -> None:
    """Write ``folder/outcomes/<name>.json``."""
    text = json.dumps(asdict(outcome), indent=2, ensure_ascii=False)
    write_text(outcome_path(folder, outcome.name), text + "\n")


def note_seen(folder: Path, outcome: Outcome, seen: dict[str, list[int]]) -> None:
    """Write what the files of a slide are by now, which were read and found to hold the same.

    Without it they would be read again each time. A folder that cannot be written, or is locked
    with a `DATASET_LOCK`, stays as it is.

    Parameters
    ----------
    folder : Path
        Of the results.
    outcome : Outcome
        As it lies there.
    seen : dict of str to list of int
        Of the files before they were read.
    """
    if seen != outcome.seen and not _is_locked(folder.absolute()):
        with suppress(ConfigError):
            write_outcome(folder, replace(outcome, seen=seen))


def _is_locked(folder: Path) -> bool:
    return any((above / DATASET_LOCK).exists() for above in (folder, *folder.parents))


def forget(folder: Path, name: str) -> None:
    """Remove the outcome of a slide or part, if there is one: its files will be replaced."""
    path = outcome_path(folder, name)
    with writable(path):
        path.unlink(missing_ok=True)


def read_outcome(folder: Path, name: str) -> Outcome | None:
    """The outcome written for a slide or part, or None where there is none yet.

    Raises
    ------
    ContractError
        If the file is there and is not an outcome.
    """
    path = outcome_path(folder, name)
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        known = {f.name: values[f.name] for f in fields(Outcome) if f.name not in _ADDED}
        known |= {name: values[name] for name in _ADDED if name in values}
    except FileNotFoundError:
        return None  # not asked beforehand: another task may take it away in between
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ContractError(
            path, "outcome", "a slide's outcome", str(error), "Remove the file and run again"
        ) from error
    if known["status"] not in get_args(Status):
        raise ContractError(path, "status", str(get_args(Status)), repr(known["status"]))
    return Outcome(**known)


def read_outcomes(folder: Path) -> list[Outcome]:
    """Every outcome in `folder`, by slide."""
    paths = sorted((folder / FOLDER).glob("[!.]*.json"))
    found = (read_outcome(folder, path.stem) for path in paths)
    return [outcome for outcome in found if outcome is not None]


def exit_status(outcomes: Iterable[Outcome]) -> int:
    """Status of a whole run: a bug first, else the highest of the slides'.

    Examples
    --------
    >>> exit_status([Outcome("a", "done"), Outcome("b", "failed", exit_status=3)])
    3
    """
    found = {outcome.exit_status for outcome in outcomes}
    return _BUG_STATUS if _BUG_STATUS in found else max(found, default=0)


def summary(outcomes: Sequence[Outcome], kept: int = 0, kind: str = "slides") -> str:
    """Lines for a person: how many ended how, then each slide with something to say of it.

    Parameters
    ----------
    outcomes : sequence of Outcome
        Of this run.
    kept : int
        How many of them an earlier run had finished.
    kind : str
        What ended.
    """
    number = {status: sum(o.status == status for o in outcomes) for status in get_args(Status)}
    head = ", ".join(f"{count} {status}" for status, count in number.items())
    lines = [
        f"{_said(outcomes, kind)}: {head}" + (f" ({kept} from an earlier run)" if kept else "")
    ]
    for status in get_args(Status):
        with_reason = [o for o in outcomes if o.status == status and o.reason]
        lines += [f"  {status} {o.name}{_where(o)}: {o.reason}" for o in with_reason]
    for outcome in outcomes:
        said = [f"suspect: {outcome.suspect}"] if outcome.suspect else []
        lines += [f"  {outcome.name}: {text}" for text in [*said, *outcome.notes]]
    return "\n".join(lines)


def _where(outcome: Outcome) -> str:
    return f", out of reach of {outcome.out_of_reach}" if outcome.out_of_reach else ""


def _said(outcomes: Sequence[Outcome], kind: str) -> str:
    whole = len({outcome.slide_id for outcome in outcomes})
    parts = f"{len(outcomes)} parts of " if len(outcomes) > whole else ""
    return f"{parts}{whole} {kind}"


def as_csv(outcomes: Iterable[Outcome]) -> str:
    """One row per slide or part, a column per count."""
    first = [f.name for f in fields(Outcome) if f.name not in _NO_COLUMN]
    rows: list[dict[str, Any]] = []
    for outcome in outcomes:
        plain: dict[str, Any] = {name: getattr(outcome, name) for name in first}
        plain["notes"] = "; ".join(outcome.notes)
        rows.append({**outcome.counts, **plain})
    names = [*first, *sorted({name for row in rows for name in row} - set(first))]
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
