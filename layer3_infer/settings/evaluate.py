"""Settings of `layer3-infer evaluate`."""

from __future__ import annotations

from pydantic import Field

from common.config import Settings


class EvaluateSettings(Settings):
    """How heatmaps, and what others say of slides, are compared with what is known.

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
    detection_radius_um : float, um
        Two detections of a heatmap are farther apart than this.
    detection_min : float
        Lowest probability of a detection of a heatmap. A higher one cuts FROC off at its right
        end and changes nothing else.
    threshold : float or None
        Probability from which patches are a lesion of the heatmap; None takes the run's.
    slides_min : int
        Fewest slides of a patient to be staged. CAMELYON17's patients have 5, a node each.
    replicates : int
        Resamples of the bootstrap.
    seed : int
    """

    tumor_min: float = Field(default=0.5, gt=0, le=1)
    normal_max: float = Field(default=0.0, ge=0, lt=1)
    mask_tumor: int | None = Field(default=None, ge=1, le=255)
    camelyon_exceptions: bool = True
    detection_radius_um: float = Field(default=190.0, ge=0, le=100_000)
    detection_min: float = Field(default=0.1, ge=0, le=1)
    threshold: float | None = Field(default=None, ge=0, le=1)
    slides_min: int = Field(default=1, ge=1)
    replicates: int = Field(default=1000, ge=1)
    seed: int = Field(default=0, ge=0)
