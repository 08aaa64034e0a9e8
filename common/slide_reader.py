"""The reader of a slide: the only place where one is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from common.openslide_slide import OpenSlideSlide
from common.tiff_slide import TiffSlide

if TYPE_CHECKING:
    from common.cohort import SlideEntry
    from common.slides import Slide

ReaderName = Literal["auto", "openslide", "tiff"]


def slide_of(entry: SlideEntry, reader: ReaderName = "auto") -> Slide:
    """The slide of a cohort entry, not yet opened.

    Parameters
    ----------
    entry : SlideEntry
    reader : {"auto", "openslide", "tiff"}
        ``tiff`` decodes the tiles of tiled JPEG slides, and refuses others; ``openslide`` reads
        every format it knows; ``auto`` takes the first where its pixels are the second's.
    """
    slide = OpenSlideSlide.of(entry)
    return slide if reader == "openslide" else TiffSlide(slide, required=reader == "tiff")
