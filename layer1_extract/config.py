"""The settings of layer 1."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from common.config import Settings, default_tag
from common.tissue import TissueSettings


class PatchSettings(Settings):
    """The square to cut.

    Attributes
    ----------
    size : int, px
        Edge of the patch as stored.
    mpp : float, um/px, or "native"
        Scale of the patch as stored; native takes each slide's own finest.
    """

    size: int = Field(default=224, gt=0, le=8192)
    mpp: Annotated[float, Field(gt=0, le=1000)] | Literal["native"] = 0.25


class RandomSampling(Settings):
    """Patches drawn at random from the tissue.

    Attributes
    ----------
    per_class : int
        Patches of each class from each slide; fewer where the slide does not hold as many.
    seed : int
        With the slide's id, decides every draw.
    min_distance_um : float, um
        Least distance between the corners of two patches tried; 0 lets them overlap as they fall.
    strata : {"class", "region"}
        What a quota is filled for. With ``region`` the tumour patches are shared over the annotated
        regions, the connected areas of tumour: at most per_class divided by their number, rounded
        up, from each, so that a large one cannot take all. A region that holds fewer leaves its
        share unfilled; rounding can give up to one patch per region more than per_class.
    draws : int
        Number of disjoint draws the sample is made in. Each can be extracted alone; together they
        are the sample.
    """

    method: Literal["random"] = "random"
    per_class: int = Field(default=500, gt=0)
    seed: int = Field(default=0, ge=0)
    min_distance_um: float = Field(default=0.0, ge=0, le=100_000)
    strata: Literal["class", "region"] = "class"
    draws: int = Field(default=1, gt=0, le=100_000)

    @model_validator(mode="after")
    def _something_in_each_draw(self) -> RandomSampling:
        if self.draws > self.per_class:
            raise ValueError(f"expected draws of at most per_class, which is {self.per_class}")
        return self


class DenseSampling(Settings):
    """Every patch of a regular grid.

    Attributes
    ----------
    stride : int, px of the patch, or None
        Step from one patch to the next; None takes the patch's edge.
    """

    method: Literal["dense"] = "dense"
    stride: int | None = Field(default=None, gt=0, le=1_000_000)


class LabelSettings(Settings):
    """When a patch of an annotated slide is tumour, and when normal.

    Attributes
    ----------
    rule : {"area", "centre"}
        What decides: the share of the patch inside tumour, or whether its centre lies in tumour.
        The share is measured and stored either way.
    tumor_min : float
        Least share of the patch inside tumour for label 1. Of the rule ``area`` alone.
    normal_max : float
        Greatest share for label 0; between the two the patch is rejected as ``boundary``. Of the
        rule ``area`` alone.
    margin_um : float, um
        What lies nearer than this to an outline of tumour is rejected as ``boundary``: the whole
        patch by the rule ``area``, its centre by the rule ``centre``. 0 rejects nothing.
    mask_tumor : int, 1 to 255, or None
        The number that means tumour in mask TIFFs; None takes 255 in masks of 0 and 255, and
        refuses others. In masks of 0, 1 and 2 it is 2 where 1 is normal tissue, and 1 where ASAP's
        script wrote metastases as 1 and normal as 2.
    camelyon_exceptions : bool
        Whether what is known to be wrong with slides of CAMELYON is heeded: duplicates give no
        patch, nothing is normal where annotations are not exhaustive, labels are corrected. The
        slides are known by their slide_id; false takes them as they come.
    """

    rule: Literal["area", "centre"] = "area"
    tumor_min: float = Field(default=0.5, gt=0, le=1)
    normal_max: float = Field(default=0.0, ge=0, lt=1)
    margin_um: float = Field(default=0.0, ge=0, le=100_000)
    mask_tumor: int | None = Field(default=None, ge=1, le=255)
    camelyon_exceptions: bool = True

    @model_validator(mode="after")
    def _in_order(self) -> LabelSettings:
        if self.normal_max >= self.tumor_min:
            raise ValueError(f"expected normal_max below tumor_min, which is {self.tumor_min}")
        return self


class FilterSettings(Settings):
    """Which patches show too little to keep.

    Attributes
    ----------
    white_level : int, 0 to 255
        A pixel is white when all its channels are above this.
    max_white_fraction : float
        Greatest share of white pixels in a patch that is kept.
    black_level : int, 0 to 255
        A pixel is black when all its channels are below this.
    max_black_fraction : float
    """

    white_level: int = Field(default=200, ge=0, le=255)
    max_white_fraction: float = Field(default=0.7, ge=0, le=1)
    black_level: int = Field(default=30, ge=0, le=255)
    max_black_fraction: float = Field(default=0.3, ge=0, le=1)


class SlideSettings(Settings):
    """How slides are read.

    Attributes
    ----------
    reader : {"auto", "openslide", "tiff"}
        ``tiff`` decodes each tile of a tiled JPEG slide once, and refuses other slides;
        ``openslide`` reads every format it knows, one patch at a time; ``auto`` takes the first
        where it gives the second's pixels.
    max_unreadable : float
        Greatest share of the patches read that may not decode; with more the slide is refused.
        Those that do not decode are rejected as ``unreadable``.
    """

    reader: Literal["auto", "openslide", "tiff"] = "auto"
    max_unreadable: float = Field(default=0.05, ge=0, le=1)


class StorageSettings(Settings):
    """How pixels are stored.

    Attributes
    ----------
    codec : {"raw", "jpeg", "none"}
        ``none`` writes locations only.
    quality : int, 1 to 100
        Of JPEG.
    """

    codec: Literal["raw", "jpeg", "none"] = "raw"
    quality: int = Field(default=95, ge=1, le=100)


class ExtractSettings(Settings):
    """Everything that decides which patches a slide gives."""

    slide: SlideSettings = SlideSettings()
    patch: PatchSettings = PatchSettings()
    tissue: TissueSettings = TissueSettings()
    sampling: Annotated[
        RandomSampling | DenseSampling,
        Field(discriminator="method"),
        default_tag("method", "random"),
    ] = RandomSampling()
    labels: LabelSettings = LabelSettings()
    filter: FilterSettings = FilterSettings()
    storage: StorageSettings = StorageSettings()


class ImportSettings(Settings):
    """How foreign patches are taken in.

    Attributes
    ----------
    mpp : float, um/px, or None
        Scale of the images, which they do not say themselves; PatchCamelyon's is 0.972.
    """

    mpp: float | None = Field(default=None, gt=0)
    storage: StorageSettings = StorageSettings()
