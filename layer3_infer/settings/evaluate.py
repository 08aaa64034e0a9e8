"""Settings of `layer3-infer evaluate`."""

from __future__ import annotations

from pydantic import Field

from common.config import Settings


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
