"""The slides something is known of, to compare heatmaps with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from common.cohort import SlideEntry, read_cohort
from common.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

_SUFFIXES: Final = (".xml", ".geojson", ".json")


def read_entries(source: Path, mpp: float | None = None) -> dict[str, SlideEntry]:
    """The slides `source` tells of, by slide id.

    Parameters
    ----------
    source : Path
        A cohort's folder or CSV; or a folder of nothing but annotations, each named after its
        slide.
    mpp : float or None, um/px
        Scale of level 0 of slides of which nothing else says it.
    """
    if source.is_dir():
        paths = sorted(p for p in source.iterdir() if p.is_file() and p.name[0] != ".")
        if paths and all(path.suffix.lower() in _SUFFIXES for path in paths):
            return _by_name(paths, source, mpp)
    return {entry.slide_id: entry for entry in read_cohort(source, mpp)}


def _by_name(paths: list[Path], folder: Path, mpp: float | None) -> dict[str, SlideEntry]:
    entries: dict[str, SlideEntry] = {}
    for path in paths:
        if path.stem in entries:
            raise ConfigError(f"{folder}: {path.stem}: expected one annotation, found two")
        entries[path.stem] = SlideEntry(
            slide_id=path.stem, path=path, annotation=path, fallback_mpp=mpp
        )
    return entries
