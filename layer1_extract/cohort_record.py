"""What a folder of results should hold: the cohort it is made of, and how its slides are cut."""

from __future__ import annotations

import hashlib
import logging
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from common.cohort import write_cohort
from common.cohort.csv_file import read_csv
from common.errors import ConfigError
from common.files import set_aside
from common.outcomes import FOLDER as OUTCOMES
from common.outcomes import forget, read_outcomes
from common.parts import parse_part
from common.patch_file.reader import FOLDER as PATCHES
from common.patch_file.schema import SUFFIX
from layer1_extract.extraction import patch_path
from layer1_extract.running import read_claims

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from common.cohort import SlideEntry

FOLDER: Final = "cohorts"
_BEFORE: Final = "cohort.csv"
"""Where older versions kept the slides of all runs."""

log = logging.getLogger(__name__)


def record_cohort(out: Path, entries: Sequence[SlideEntry]) -> None:
    """Write `entries` into ``out/cohorts``, as a cohort CSV of their own.

    It is named by what it holds and written whole, so that any number of runs may record theirs at
    once: the same twice is one, as if written last; none is written over. A slide stays until a
    person takes it out of these files.
    """
    by_name = {entry.slide_id: _as_written(entry) for entry in entries}
    written = [by_name[slide_id] for slide_id in sorted(by_name)]
    text = "\n".join(map(repr, written))
    path = out / FOLDER / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.csv"
    if written and path.exists():
        with suppress(OSError):  # of another user: theirs stays the latest for now
            path.touch()
    elif written:
        write_cohort(written, path)


def recorded_cohort(out: Path) -> list[SlideEntry]:
    """The slides that the runs in `out` were given, by name; none where none was recorded.

    Of a slide that is recorded several times, what was written last holds.
    """
    known = recorded_entries(out)
    return [known[slide_id][0] for slide_id in sorted(known)]


def recorded_entries(out: Path) -> dict[str, list[SlideEntry]]:
    """All that the runs in `out` were given, by slide; what was written last comes first.

    A copy of the folder may have lost in which order it was written.
    """
    paths = [path for path in (out / _BEFORE,) if path.exists()]
    written = (out / FOLDER).glob("[!.]*.csv")
    paths += sorted(written, key=lambda path: (path.stat().st_mtime_ns, path.name))
    known: dict[str, list[SlideEntry]] = {}
    for path in reversed(paths):
        for entry in read_csv(path):
            known.setdefault(entry.slide_id, []).append(entry)
    return known


def warn_of_gone(out: Path, entries: Iterable[SlideEntry]) -> None:
    """Name slides of earlier runs whose files are gone, and which `entries` leave out.

    A folder does not say that a slide is missing from it. Slides that are there are another run's.
    """
    given = {entry.slide_id for entry in entries}
    others = [entry for entry in recorded_cohort(out) if entry.slide_id not in given]
    gone = [entry.slide_id for entry in others if not entry.path.exists()]
    if gone:
        log.warning(
            "%d slides of earlier runs are no longer there, and not looked at; their results are "
            "kept as they are: %s",
            len(gone),
            ", ".join(gone),
        )


def unit_names(out: Path) -> set[str]:
    """Names of all units of which `out` holds a patch file, an outcome, or a trace of work."""
    files = (out / PATCHES).glob(f"[!.]*{SUFFIX}")
    return {path.name.removesuffix(SUFFIX) for path in files} | _worked_on(out)


def known_ids(out: Path) -> set[str]:
    """Every slide that the runs in `out` were given, have an outcome of, or are working on."""
    recorded = {entry.slide_id for entry in recorded_cohort(out)}
    return recorded | {parse_part(name)[0] for name in _worked_on(out)}


def only_failures(out: Path) -> bool:
    """Whether all that came of the runs in `out` is slides that failed, and none is at work."""
    if any((out / PATCHES).glob(f"[!.]*{SUFFIX}")):
        return False
    at_work = any(not claim.stale for claim in read_claims(out).values())
    outcomes = read_outcomes(out)
    failed = all(outcome.status == "failed" for outcome in outcomes)
    return bool(outcomes) and failed and not at_work


def blocks_of(out: Path) -> int:
    """Into how many parts the slides in `out` are cut; the largest number where it is mixed."""
    return max((parse_part(name)[2] for name in unit_names(out)), default=1)


def refuse_other_blocks(out: Path, blocks: int) -> None:
    """Refuse a folder with parts of slides that are cut into another number.

    Whole files are none: a slide that was joined, or never cut, is the same.

    Raises
    ------
    ConfigError
        Naming both numbers and a part.
    """
    others = _other_blocks(out, blocks)
    if others:
        name, parts = others[0], parse_part(others[0])[2]
        raise ConfigError(
            f"{out}: expected slides cut with --blocks {blocks}, found {len(others)} parts of "
            f"others, such as {name}. Give --blocks {parts}, join them with layer1-extract merge "
            "--join, give another --out, or --overwrite to set them aside"
        )


def set_aside_other_blocks(out: Path, blocks: int) -> None:
    """Move parts of slides cut into another number out of the readers' way."""
    for name in _other_blocks(out, blocks):
        forget(out, name)
        if aside := set_aside(patch_path(out, name)):
            log.warning("%s is cut otherwise: set aside as %s", name, aside)


def _other_blocks(out: Path, blocks: int) -> list[str]:
    cut = {name: parse_part(name)[2] for name in unit_names(out)}
    return sorted(name for name, parts in cut.items() if parts not in (1, blocks))


def _worked_on(out: Path) -> set[str]:
    outcomes = (out / OUTCOMES).glob("[!.]*.json")
    return {path.stem for path in outcomes} | set(read_claims(out))


def _as_written(entry: SlideEntry) -> SlideEntry:
    """The entry that reading the cohort CSV will give."""
    annotation = entry.annotation.absolute() if entry.annotation else None
    return replace(entry, path=entry.path.absolute(), annotation=annotation, fallback_mpp=None)
