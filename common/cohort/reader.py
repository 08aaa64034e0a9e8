"""Read a cohort from whatever names it: a slide, a folder or a cohort CSV."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from common.cohort.csv_file import read_csv
from common.cohort.entry import mpp_mistakes
from common.cohort.folder import read_folder, read_slide
from common.cohort.layouts import SLIDE_SUFFIXES
from common.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from common.cohort.entry import SlideEntry


def read_cohort(source: Path, mpp: float | None = None) -> list[SlideEntry]:
    """The slides that `source` names, sorted by slide_id, with absolute paths.

    Parameters
    ----------
    source : Path
        A slide; a folder, flat or laid out as CAMELYON16 or CAMELYON17; or a cohort CSV. Slides
        and annotations that a CSV names need not exist: that is for each slide's own outcome.
    mpp : float or None, um/px
        Scale of the slides that do not say theirs and for which the cohort states none.

    Raises
    ------
    ConfigError
        If there is no slide, one id stands for two slides, a patient is in two splits, or `mpp`
        is not greater than 0; a CSV is refused with every mistake in it.
    """
    if mistakes := mpp_mistakes(mpp):
        raise ConfigError(f"--{mistakes[0]}")
    entries = _entries(source.absolute())
    _refuse_twins(entries)
    _refuse_shared_patients(entries, source)
    entries = [replace(entry, fallback_mpp=mpp) for entry in entries]
    return sorted(entries, key=lambda entry: entry.slide_id)


def _entries(source: Path) -> list[SlideEntry]:
    if source.is_dir():
        return read_folder(source)
    suffix = source.suffix.lower()
    if source.exists() and suffix == ".csv":
        return read_csv(source)
    if source.exists() and suffix in SLIDE_SUFFIXES:
        return read_slide(source)
    found = f"a file ending in {suffix!r}" if source.exists() else "nothing there"
    known = ", ".join(sorted(SLIDE_SUFFIXES))
    raise ConfigError(
        f"{source}: expected a folder, a cohort CSV or a slide ({known}), found {found}"
    )


def _refuse_twins(entries: Iterable[SlideEntry]) -> None:
    """Refuse two slides of one slide_id: their results would overwrite each other."""
    paths: dict[str, Path] = {}
    for entry in entries:
        if entry.slide_id in paths:
            raise ConfigError(
                f"{entry.path}: slide_id: expected one slide called {entry.slide_id!r}, found "
                f"{paths[entry.slide_id]} too. Rename one, or give them ids in a cohort CSV"
            )
        paths[entry.slide_id] = entry.path


def _refuse_shared_patients(entries: Iterable[SlideEntry], source: Path) -> None:
    """Refuse a patient whose slides are in two splits. An empty patient is never compared."""
    splits: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        if entry.patient and entry.split:
            splits[entry.patient].add(entry.split)
    shared = [
        f"{source}: patient {patient}: expected one split, found {' and '.join(sorted(found))}"
        for patient, found in sorted(splits.items())
        if len(found) > 1
    ]
    if shared:
        raise ConfigError("\n".join(shared))
