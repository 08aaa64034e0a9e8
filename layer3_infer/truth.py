"""What is known of tumour on the slides of a cohort."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from common.annotations import read_annotations
from common.cohort import SlideEntry, read_cohort
from common.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from common.annotations import Annotations

_SUFFIXES: Final = (".xml", ".geojson", ".json")


@dataclass(frozen=True)
class SlideTruth:
    """What is known of one slide.

    Attributes
    ----------
    positive : bool or None
        Whether the slide has tumour; None where not known.
    regions : Annotations or None
        Where; None where not known.
    reason : str
        Why patches of this slide have no known label; empty where they have.
    """

    positive: bool | None
    regions: Annotations | None = None
    reason: str = ""

    def fraction(self, xy: npt.NDArray[np.int64], edge: int) -> npt.NDArray[np.float32]:
        """Share of each square that is tumour, (N,) float32; NaN where not known.

        Parameters
        ----------
        xy : (N, 2) int64, level-0 px
            Top-left corners.
        edge : int, level-0 px
        """
        if self.regions is not None:
            return self.regions.fraction(xy, edge)
        known = self.positive is False
        return np.full(len(xy), 0.0 if known else np.nan, dtype=np.float32)


def read_entries(source: Path) -> dict[str, SlideEntry]:
    """The slides `source` tells of, by slide id.

    Parameters
    ----------
    source : Path
        A cohort's folder or CSV; or a folder of nothing but annotations, each named after its
        slide.
    """
    if source.is_dir():
        paths = sorted(p for p in source.iterdir() if p.is_file() and p.name[0] != ".")
        if paths and all(path.suffix.lower() in _SUFFIXES for path in paths):
            return _by_name(paths, source)
    return {entry.slide_id: entry for entry in read_cohort(source)}


def slide_truth(entry: SlideEntry) -> SlideTruth:
    """What is known of one slide. A missing annotation is never taken for "no tumour".

    Raises
    ------
    SlideError
        If its annotation cannot be read.
    ConfigError
        If annotation and slide label contradict one another.
    """
    label = entry.slide_label
    known = None if not label else label != "negative"
    if entry.annotation is None:
        reason = "" if known is False else "no annotation, and not known to be negative"
        return SlideTruth(known, reason=reason)
    regions = read_annotations(entry.annotation)
    if regions.is_silent:
        groups = ", ".join(sorted(regions.groups))
        return SlideTruth(known, reason=f"its annotation says neither tumour nor not: {groups}")
    drawn = not regions.tumor.is_empty
    if known is not None and known != drawn:
        raise ConfigError(
            f"{entry.annotation}: annotation of {entry.slide_id}: expected "
            f"{'tumour' if known else 'no tumour'}, as slide_label is {label}, found "
            f"{'tumour' if drawn else 'none'}. Correct slide_label in the cohort, or the annotation"
        )
    return SlideTruth(drawn, regions)


def _by_name(paths: list[Path], folder: Path) -> dict[str, SlideEntry]:
    entries: dict[str, SlideEntry] = {}
    for path in paths:
        if path.stem in entries:
            raise ConfigError(f"{folder}: {path.stem}: expected one annotation, found two")
        entries[path.stem] = SlideEntry(slide_id=path.stem, path=path, annotation=path)
    return entries
