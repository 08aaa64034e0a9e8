"""What is known of a slide before a patch is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from common.openslide_slide import OpenSlideSlide
from common.patches import PatchSpec
from common.tissue import TissueMask, find_tissue
from common.truth import Truth, check_place, truth_of

if TYPE_CHECKING:
    from pathlib import Path

    from common.cohort import SlideEntry
    from common.slides import Slide
    from layer1_extract.config import ExtractSettings, PatchSettings


@dataclass(frozen=True, eq=False)
class Survey:
    """One slide, looked over from afar.

    Attributes
    ----------
    slide : Slide
    spec : PatchSpec
        Size, and the scale this slide really gives.
    mask : TissueMask
    truth : Truth
    """

    slide: Slide
    spec: PatchSpec
    mask: TissueMask
    truth: Truth

    @property
    def edge(self) -> int:
        """Edge of a patch on the slide, level-0 px."""
        return self.spec.edge_on(self.slide.pyramid)


def survey(entry: SlideEntry, settings: ExtractSettings, masks: Path | None = None) -> Survey:
    """Open a slide, find its tissue and read its annotation.

    Raises
    ------
    SlideError
        If the slide or its annotation cannot be read, has no scale, or not the one asked for.
    """
    slide = OpenSlideSlide.of(entry)
    spec = slide.spec_for(_asked(settings.patch, slide))
    thumbnail = slide.thumbnail(max(settings.tissue.mpp, slide.pyramid.mpp))
    mask = find_tissue(thumbnail, slide.pyramid, settings.tissue)
    truth = truth_of(entry)
    check_place(entry, truth, slide.pyramid)
    return Survey(slide, spec, mask, truth)


def _asked(patch: PatchSettings, slide: Slide) -> PatchSpec:
    mpp = slide.pyramid.mpp if patch.mpp == "native" else patch.mpp
    return PatchSpec(patch.size, mpp)
