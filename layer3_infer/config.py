"""Settings of layer 3, one class per verb."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from common.config import Settings
from common.tissue import TissueSettings
from layer3_infer.explainers import check_name


class HeatmapSettings(Settings):
    """How a slide becomes a heatmap.

    Attributes
    ----------
    stride : int, px of the patch, or None
        Step from one patch to the next; None is the edge of the patch, so that patches touch.
        Not used where layer 1 gives the locations.
    tissue : TissueSettings
        Where to look; not used where layer 1 gives the locations.
    batch_size : int
        Patches answered at once. Part of the result: another size may round differently.
    threshold : float
        Probability from which a patch belongs to a tumour region.
    picture_width : int, px
        Largest width of the slide in the overlay; it is at most four times as high.
    """

    stride: int | None = Field(default=None, ge=1)
    tissue: TissueSettings = TissueSettings()
    batch_size: int = Field(default=64, ge=1)
    threshold: float = Field(default=0.5, ge=0, le=1)
    picture_width: int = Field(default=1600, ge=100, le=8000)


class ExplainSettings(Settings):
    """What to explain, and how.

    Attributes
    ----------
    method : str
        A key of `layer3_infer.explainers.EXPLAINERS`.
    top : int
        Patches per slide, those of highest probability.
    batch_size : int
        Patches scored at once, to find them.
    """

    method: Annotated[str, AfterValidator(check_name)] = "grad_cam"
    top: int = Field(default=6, ge=1, le=100)
    batch_size: int = Field(default=64, ge=1)


class EvaluateSettings(Settings):
    """How heatmaps are compared with annotations.

    Attributes
    ----------
    tumor_min, normal_max : float
        A patch is tumour from this share of annotated area, normal up to that one; between the
        two it is left out and counted.
    mask_tumor : int, 1 to 255, or None
        The number that means tumour in mask TIFFs; None takes 255 in masks of 0 and 255, and
        refuses others.
    camelyon_exceptions : bool
        Whether what is known to be wrong with slides of CAMELYON is heeded: duplicates are left
        out, nothing is normal where annotations are not exhaustive, labels are corrected.
    replicates : int
        Resamples of the bootstrap.
    seed : int
    """

    tumor_min: float = Field(default=0.5, gt=0, le=1)
    normal_max: float = Field(default=0.0, ge=0, lt=1)
    mask_tumor: int | None = Field(default=None, ge=1, le=255)
    camelyon_exceptions: bool = True
    replicates: int = Field(default=1000, ge=1)
    seed: int = 0


class ReportSettings(Settings):
    """How the report looks.

    Attributes
    ----------
    title : str
    picture_width : int, px
        Pictures wider than this are reduced.
    jpeg_quality : int, 1 to 100
        Of the pictures inside the page.
    """

    title: str = "Tumour heatmaps of lymph-node slides"
    picture_width: int = Field(default=1100, ge=100, le=8000)
    jpeg_quality: int = Field(default=85, ge=1, le=100)
