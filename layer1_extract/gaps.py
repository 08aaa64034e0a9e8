"""What keeps a folder of results from being whole, all of it named at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from common import failures
from common.config import digest, with_values
from common.errors import ContractError
from common.parts import parse_part
from common.patch_file.check import check
from common.progress import progress
from common.run_folder import RESOLVED, recorded
from common.slide_changes import FINGERPRINT
from layer1_extract.config import StorageSettings
from layer1_extract.extraction import patch_path
from layer1_extract.outdated import outdated
from layer1_extract.stored_pixels import stored_otherwise

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from common.cohort import SlideEntry
    from common.outcomes import Outcome
    from layer1_extract.status import UnitState

_ADVICE: Final = (
    ". What is out of reach is not mounted or not readable on that host, or not where the cohort "
    "says: mend that, or take it out of the cohort (--cohort)"
)


def refuse_gaps(
    out: Path,
    states: Sequence[UnitState],
    leftovers: Iterable[str],
    entries: Mapping[str, Sequence[SlideEntry]],
) -> None:
    """Name all that is missing, damaged, out of reach or made of something else at once.

    Parameters
    ----------
    out : Path
        Folder of the results.
    states : sequence of UnitState
        Of all that should be there.
    leftovers : iterable of str
        Slides that are there both whole and in parts, where that is not to be.
    entries : mapping
        All that is said of the slides, by their ids; the latest first.

    Raises
    ------
    ContractError
    """
    known = failed_slides(states)
    lines = [
        f"{one.name} is {one.state.replace('_', ' ')}{f' ({one.said})' if one.said else ''}"
        for one in states
        if one.state in {"out_of_reach", "running", "stopped", "missing"}
        and (one.state == "running" or parse_part(one.name)[0] not in known)
    ]
    lines += [f"{slide_id} is there both whole and in parts" for slide_id in leftovers]
    lines += outdated(out, _done(states), entries)
    lines += _damage(out, states)
    if not lines:
        return
    failed = [f"{one.name} failed: {one.said}" for one in states if one.state == "failed"]
    found = "\n  ".join([f"{len(lines)} that are not:", *lines, *failed])
    advice = (
        "Run layer1-extract extract again, which does these alone; --join ends a joining that was "
        "stopped"
    )
    if any(one.state == "out_of_reach" for one in states):
        advice += _ADVICE
    raise ContractError(out, "slides", f"{len(states)} slides and parts, whole", found, advice)


def refuse_many_failed(out: Path, states: Sequence[UnitState], share: float) -> None:
    """Let nothing be trained on what is left of a cohort of which too much failed.

    Parameters
    ----------
    out : Path
        Folder of the results.
    states : sequence of UnitState
        Of all that should be there.
    share : float
        Of the slides that may have failed, 0 to 1; one always may.

    Raises
    ------
    ContractError
        Naming what failed.
    """
    failed = {one.name: one.said for one in states if one.state == "failed"}
    slides = len(failures.slides_of(one.name for one in states))
    failures.refuse_many_failed(out, failed, slides, share, "layer1-extract extract")


def failed_slides(states: Iterable[UnitState]) -> set[str]:
    """Slides that failed, or a part of which did."""
    return failures.slides_of(one.name for one in states if one.state == "failed")


def _damage(out: Path, states: Sequence[UnitState]) -> list[str]:
    """What is wrong with the files of what is done."""
    found: list[str] = []
    settings = recorded(out) or {}
    config_sha256 = digest(settings) if settings else ""
    storage = with_values(StorageSettings(), settings.get("storage", {})) if settings else None
    for outcome in progress(_done(states), "check", unit="file"):
        path = patch_path(out, outcome.name)
        try:
            header = check(path)
        except ContractError as error:
            found.append(str(error))
            continue
        config_sha256 = config_sha256 or header.config_sha256
        if header.config_sha256 != config_sha256:
            found.append(f"{path}: config_sha256: another configuration than that of {RESOLVED}")
        elif storage is not None and (otherwise := stored_otherwise(path, storage)):
            found.append(f"{path}: {otherwise}")
        if header.slide_fingerprint != outcome.inputs.get(FINGERPRINT, header.slide_fingerprint):
            found.append(f"{path}: slide_fingerprint: another slide's than its outcome says")
    return found


def _done(states: Iterable[UnitState]) -> list[Outcome]:
    return [one.outcome for one in states if one.outcome and one.outcome.status != "failed"]
