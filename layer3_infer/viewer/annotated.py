"""Annotated tumour as outlines, where there is an annotation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.annotations import read_annotations
from layer3_infer.viewer.shapes import Shape, shapes_of

if TYPE_CHECKING:
    from common.cohort import SlideEntry
    from common.geometry import Pyramid


def annotated_shapes(
    entry: SlideEntry | None, slide: Pyramid, tolerance: float
) -> tuple[Shape, ...]:
    """The outlines of a slide's annotation; none where it has none.

    Parameters
    ----------
    entry : SlideEntry or None
    slide : Pyramid
    tolerance : float, level-0 px
        Detail that may go.

    Raises
    ------
    SlideError
        If it cannot be read.
    """
    if entry is None or entry.annotation is None:
        return ()
    return tuple(shapes_of(read_annotations(entry.annotation, slide).tumor, tolerance))
