"""What is known of tumour on a slide, from the cohort and its annotation."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from shapely import box

from common.annotations import Annotations, read_annotations
from common.annotations.reader import is_mask
from common.cohort.exceptions import DUPLICATE, RELABELLED, SlideException, exception_of
from common.errors import SlideError
from common.files import sha256
from common.openslide_slide import OpenSlideSlide
from common.patch_file import schema

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from common.cohort import SlideEntry
    from common.geometry import Pyramid

HALF: Final = 0.5
"""Least share that says tumour where annotations are not exhaustive: below, there may be more."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Truth:
    """What is known of tumour on one slide.

    A missing annotation is never taken for "no tumour": without regions, only a slide known to be
    negative has normal patches.

    Attributes
    ----------
    positive : bool or None
        Whether the slide has tumour; None where not known.
    regions : Annotations or None
        Where; None where not known.
    reason : str
        Why patches of this slide have no known label; empty where they have.
    exhaustive : bool
        Whether the regions are all of the tumour. Where not, nothing outside them is known, and
        nothing is called normal.
    excluded : str
        Why the slide is to give no patch at all; empty where it may.
    notes : tuple of str
        What a person should know of the above.
    """

    positive: bool | None = None
    regions: Annotations | None = None
    reason: str = ""
    exhaustive: bool = True
    excluded: str = ""
    notes: tuple[str, ...] = ()

    @property
    def classes(self) -> tuple[int, ...]:
        """The labels that patches of this slide can have."""
        if self.regions is not None:
            return (schema.NORMAL if self.exhaustive else schema.UNKNOWN, schema.TUMOR)
        return (schema.NORMAL,) if self.positive is False else (schema.UNKNOWN,)

    def fraction(self, xy: npt.NDArray[np.int64], edge: int) -> npt.NDArray[np.float32]:
        """Share of each square that is tumour, (N,) float32; NaN where not known or uncertain.

        Parameters
        ----------
        xy : (N, 2) int64, level-0 px
            Top-left corners.
        edge : int, level-0 px
        """
        if self.regions is not None:
            fraction = self.regions.fraction(xy, edge)
            if not self.exhaustive:
                fraction[fraction < HALF] = np.nan
            return fraction
        return np.full(len(xy), 0.0 if self.positive is False else np.nan, dtype=np.float32)

    def doubtful(self, xy: npt.NDArray[np.int64], edge: int) -> npt.NDArray[np.bool_]:
        """Whether any of each square is marked uncertain, so that it has no label, (N,)."""
        if self.regions is None:
            return np.zeros(len(xy), dtype=np.bool_)
        return self.regions.doubtful(xy, edge)

    def outlines(self) -> list[npt.NDArray[np.float64]]:
        """Closed rings around the known tumour, each (K, 2), level-0 px."""
        return self.regions.outlines() if self.regions is not None else []


def truth_of(
    entry: SlideEntry,
    pyramid: Pyramid | None = None,
    *,
    mask_tumor: int | None = None,
    exceptions: bool = True,
) -> Truth:
    """What the cohort, the annotation and the known exceptions say of one slide.

    Parameters
    ----------
    entry : SlideEntry
    pyramid : Pyramid or None
        Of the slide, to place a mask; None opens the slide where there is a mask.
    mask_tumor : int or None
        The number that means tumour in a mask: see `common.annotations.mask`.
    exceptions : bool
        Whether what is known to be wrong with CAMELYON's slides is heeded: see
        `common.cohort.exceptions`.

    Raises
    ------
    SlideError
        If the annotation cannot be read, or contradicts the cohort.
    """
    known = exception_of(entry.slide_id) if exceptions else None
    if known is None:
        return _told(entry, pyramid, mask_tumor)
    return _corrected(entry, known, pyramid, mask_tumor)


def _corrected(
    entry: SlideEntry, known: SlideException, pyramid: Pyramid | None, mask_tumor: int | None
) -> Truth:
    """What is said of a slide, with what is known to be wrong about it put right."""
    if known.what == DUPLICATE:
        return Truth(reason=known.note, excluded=known.note, notes=(known.note,))
    if known.what == RELABELLED:
        relabelled = replace(entry, slide_label=known.slide_label)
        return replace(_told(relabelled, pyramid, mask_tumor), notes=(known.note,))
    return replace(_told(entry, pyramid, mask_tumor), exhaustive=False, notes=(known.note,))


def _told(entry: SlideEntry, pyramid: Pyramid | None, mask_tumor: int | None) -> Truth:
    """What the cohort and the annotation say."""
    said = None if not entry.slide_label else entry.slide_label != "negative"
    if entry.annotation is None:
        reason = "" if said is False else "no annotation, and not known to be negative"
        return Truth(said, reason=reason)
    regions = _regions(entry, pyramid, mask_tumor)
    groups = ", ".join(sorted(regions.groups)) or "none"
    if regions.is_silent:
        reason = f"none of its annotation's objects is named tumour or not tumour: {groups}"
        log.warning("%s: %s", entry.annotation, reason)
        return Truth(said, reason=reason)
    drawn = not regions.tumor.is_empty
    if said is not None and said != drawn:
        raise _misfit(
            entry,
            f"{'tumour' if said else 'no tumour'}, as slide_label is {entry.slide_label}",
            f"{'tumour' if drawn else 'none'} in groups {groups}",
            "Correct slide_label in the cohort, or the annotation",
        )
    return Truth(drawn, regions)


def _regions(entry: SlideEntry, pyramid: Pyramid | None, mask_tumor: int | None) -> Annotations:
    """The annotation of `entry`; a mask needs its slide, which is opened for nothing else."""
    assert entry.annotation is not None
    if pyramid is None and _is_mask(entry.annotation):
        pyramid = OpenSlideSlide.of(entry).pyramid
    return read_annotations(entry.annotation, pyramid, mask_tumor)


def _is_mask(path: Path) -> bool:
    """Whether `path` is a mask that is there; what cannot be read is for its reader to refuse."""
    try:
        return path.is_file() and is_mask(path)
    except OSError:
        return False


def check_place(entry: SlideEntry, truth: Truth, pyramid: Pyramid) -> None:
    """Refuse tumour that lies wholly beside its slide: every patch would be called normal.

    Raises
    ------
    SlideError
    """
    slide = box(0, 0, pyramid.width, pyramid.height)
    tumor = None if truth.regions is None else truth.regions.tumor
    if tumor is None or tumor.is_empty or tumor.within(slide):
        return
    left, top, right, bottom = (round(edge) for edge in tumor.bounds)
    found = f"tumour from ({left}, {top}) to ({right}, {bottom})"
    size = f"{pyramid.width} x {pyramid.height} px"
    if not tumor.intersects(slide):
        advice = "Is it another slide's, or of another level?"
        raise _misfit(entry, f"regions on a slide of {size}", found, advice)
    log.warning("%s: %s leaves the slide of %s", entry.annotation, found, size)


def annotation_hash(entry: SlideEntry) -> str:
    """SHA-256 of the annotation's bytes; empty where the slide has none.

    Raises
    ------
    SlideError
        If it cannot be read.
    """
    if entry.annotation is None:
        return ""
    try:
        return sha256(entry.annotation)
    except OSError as error:
        found = error.strerror or str(error)
        advice = "Correct the cohort, or bring the file"
        raise _misfit(entry, "a file that can be read", found, advice) from error


def _misfit(entry: SlideEntry, expected: str, found: str, advice: str) -> SlideError:
    where = f"{entry.annotation}: annotation of {entry.slide_id}"
    return SlideError(f"{where}: expected {expected}, found {found}. {advice}")
