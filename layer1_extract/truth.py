"""Reading what is known of tumour on a slide."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from common.annotations import read_annotations
from common.errors import SlideError
from layer1_extract.labelling import Truth

if TYPE_CHECKING:
    from common.cohort import SlideEntry

log = logging.getLogger(__name__)


def truth_of(entry: SlideEntry) -> Truth:
    """What the cohort and the annotation say of one slide.

    Raises
    ------
    SlideError
        If the annotation cannot be read, or cohort and annotation contradict one another.
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
    return Truth(regions=annotations)


def _contradiction(entry: SlideEntry, expected: str, found: str) -> SlideError:
    return SlideError(
        f"{entry.annotation}: annotation of {entry.slide_id}: expected {expected}, found {found}. "
        "Correct slide_label in the cohort, or the annotation"
    )
