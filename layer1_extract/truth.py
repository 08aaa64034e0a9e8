"""Reading what is known of tumour on a slide."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from shapely import box

from common.annotations import read_annotations
from common.errors import SlideError
from common.files import sha256
from layer1_extract.labelling import Truth

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from common.cohort import SlideEntry
    from common.geometry import Pyramid

log = logging.getLogger(__name__)


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
        raise SlideError(
            f"{entry.annotation}: annotation of {entry.slide_id}: expected a file that can be "
            f"read, found: {error.strerror}. Correct the cohort, or bring the file"
        ) from error


def truth_of(entry: SlideEntry, pyramid: Pyramid) -> Truth:
    """What the cohort and the annotation say of one slide.

    Raises
    ------
    SlideError
        If the annotation cannot be read, lies beside the slide, or contradicts the cohort.
    """
    negative = entry.slide_label == "negative"
    if entry.annotation is None:
        return Truth(negative=negative)
    annotations = read_annotations(entry.annotation)
    if annotations.is_silent:
        log.warning(
            "%s: none of its objects is named tumour or not tumour (%s): labels are not known",
            entry.annotation,
            ", ".join(sorted(annotations.groups)),
        )
        return Truth(negative=negative)
    if negative and not annotations.tumor.is_empty:
        raise _contradiction(entry, "no tumour, as the slide is negative", "tumour regions")
    if entry.slide_label and not negative and annotations.tumor.is_empty:
        groups = ", ".join(sorted(annotations.groups)) or "none"
        raise _contradiction(
            entry, f"tumour, as the slide is {entry.slide_label}", f"none; groups: {groups}"
        )
    _check_place(entry, annotations.tumor, pyramid)
    return Truth(regions=annotations)


def _check_place(entry: SlideEntry, tumor: BaseGeometry, pyramid: Pyramid) -> None:
    """Refuse tumour that lies wholly beside the slide: every patch would be called normal."""
    slide = box(0, 0, pyramid.width, pyramid.height)
    if tumor.is_empty or tumor.within(slide):
        return
    left, top, right, bottom = (round(edge) for edge in tumor.bounds)
    found = f"tumour from ({left}, {top}) to ({right}, {bottom})"
    size = f"{pyramid.width} x {pyramid.height} px"
    if not tumor.intersects(slide):
        raise SlideError(
            f"{entry.annotation}: annotation of {entry.slide_id}: expected regions on a slide of "
            f"{size}, found {found}. Is it another slide's, or of another level?"
        )
    log.warning("%s: %s leaves the slide of %s", entry.annotation, found, size)


def _contradiction(entry: SlideEntry, expected: str, found: str) -> SlideError:
    return SlideError(
        f"{entry.annotation}: annotation of {entry.slide_id}: expected {expected}, found {found}. "
        "Correct slide_label in the cohort, or the annotation"
    )
