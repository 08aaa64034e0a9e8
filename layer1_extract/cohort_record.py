"""What a folder of results should hold: the cohort it is made of, and how its slides are cut."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from common.cohort import write_cohort
from common.cohort.csv_file import read_csv
from common.errors import ConfigError
from common.files import set_aside
from common.outcomes import FOLDER as OUTCOMES
from common.outcomes import forget
from common.parts import parse_part
from common.patch_file.reader import FOLDER as PATCHES
from common.patch_file.schema import SUFFIX
from layer1_extract.extraction import patch_path
from layer1_extract.running import read_claims

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from common.cohort import SlideEntry

NAME: Final = "cohort.csv"

log = logging.getLogger(__name__)


def record_cohort(out: Path, entries: Sequence[SlideEntry]) -> None:
    """Write `entries` into ``out/cohort.csv``, beside the slides of earlier runs.

    Every task of an array is given the same cohort and writes the same file, whole, so that it
    does not matter whose stays. A slide stays in it until a person takes it out.
    """
    known = {entry.slide_id: entry for entry in recorded_cohort(out)}
    both = {**known, **{entry.slide_id: _as_written(entry) for entry in entries}}
    if both != known:
        write_cohort([both[slide_id] for slide_id in sorted(both)], out / NAME)


def recorded_cohort(out: Path) -> list[SlideEntry]:
    """The slides that the runs in `out` were given; none where none was recorded."""
    path = out / NAME
    return read_csv(path) if path.exists() else []


def unit_names(out: Path) -> set[str]:
    """Names of all units of which `out` holds a patch file, an outcome, or a trace of work."""
    files = (out / PATCHES).glob(f"[!.]*{SUFFIX}")
    outcomes = (out / OUTCOMES).glob("[!.]*.json")
    names = {path.name.removesuffix(SUFFIX) for path in files}
    return names | {path.stem for path in outcomes} | set(read_claims(out))


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


def _as_written(entry: SlideEntry) -> SlideEntry:
    """The entry that reading the cohort CSV will give."""
    annotation = entry.annotation.absolute() if entry.annotation else None
    return replace(entry, path=entry.path.absolute(), annotation=annotation, fallback_mpp=None)
