"""What is known of a slide before a patch is read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from common.patches import PatchSpec
from common.slide_reader import slide_of
from common.tissue import (
    TissueMask,
    given_mask,
    look,
    mask_bytes,
    mask_of,
    oddities,
    oddities_of_given,
)
from common.truth import Truth, check_place, truth_of

if TYPE_CHECKING:
    from pathlib import Path

    from common.cohort import SlideEntry
    from common.slides import Slide
    from common.tissue import TissueSettings
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
    given : bytes or None
        GeoJSON of the mask, where a person gave it; None where the mask was found.
    suspect : str
        What is odd about the mask; empty where nothing is.
    notes : tuple of str
        What a person should know of the slide's truth, and of how the mask came to be.
    """

    slide: Slide
    spec: PatchSpec
    mask: TissueMask
    truth: Truth
    given: bytes | None = None
    suspect: str = ""
    notes: tuple[str, ...] = ()

    @property
    def mask_source(self) -> Literal["found", "given"]:
        """Whether the mask was found, or a person gave it."""
        return "found" if self.given is None else "given"

    @property
    def given_sha256(self) -> str:
        """SHA-256 of the mask that was given; empty where it was found."""
        return "" if self.given is None else hashlib.sha256(self.given).hexdigest()

    @property
    def edge(self) -> int:
        """Edge of a patch on the slide, level-0 px."""
        return self.spec.edge_on(self.slide.pyramid)


def survey(entry: SlideEntry, settings: ExtractSettings, masks: Path | None = None) -> Survey:
    """Open a slide, find its tissue or read its mask, and read its annotation.

    Parameters
    ----------
    entry : SlideEntry
    settings : ExtractSettings
    masks : Path or None
        Folder in which ``<slide_id>.geojson``, where it is there, is the slide's mask.

    Raises
    ------
    SlideError
        If the slide, its mask or its annotation cannot be read, or it has no scale, or not the
        one asked for.
    ConfigError
        If `masks` is no folder.
    """
    slide = slide_of(entry, settings.slide.reader)
    spec = slide.spec_for(_asked(settings.patch, slide))
    truth = truth_of(
        entry,
        slide.pyramid,
        mask_tumor=settings.labels.mask_tumor,
        exceptions=settings.labels.camelyon_exceptions,
    )
    check_place(entry, truth, slide.pyramid)
    path = given_mask(masks, entry.slide_id)
    if path is None:
        mask, suspect = _found(slide, settings.tissue)
        notes = () if masks is None else (f"no mask given in {masks.name}: tissue was found",)
        return Survey(slide, spec, mask, truth, None, suspect, truth.notes + notes)
    given = mask_bytes(path)
    mask = mask_of(given, path, slide.pyramid, settings.tissue.mpp)
    notes = (f"tissue as given in {path.parent.name}/{path.name}",)
    return Survey(slide, spec, mask, truth, given, oddities_of_given(mask), truth.notes + notes)


def _found(slide: Slide, settings: TissueSettings) -> tuple[TissueMask, str]:
    thumbnail = slide.thumbnail(max(settings.mpp, slide.pyramid.mpp))
    found = look(thumbnail, slide.pyramid, settings)
    return found.mask, oddities(found, settings)


def _asked(patch: PatchSettings, slide: Slide) -> PatchSpec:
    mpp = slide.pyramid.mpp if patch.mpp == "native" else patch.mpp
    return PatchSpec(patch.size, mpp)
