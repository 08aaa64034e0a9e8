"""Settings of `layer3-infer heatmap`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from common.config import Settings
from common.tissue import TissueSettings


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
    orientations : {1, 4, 8} or None
        In how many positions each patch is shown to the network, whose answers are averaged: as it
        is; in four quarter turns; in these and their mirror images. None takes the model's own.
    threshold : float or None
        Probability from which a patch belongs to a tumour region; None takes the one the model was
        measured with.
    picture_width : int, px
        Largest width of the slide in the overlay; it is at most four times as high.
    mask_tumor : int, 1 to 255, or None
        The number that means tumour where the annotation drawn on the overlay is a mask TIFF; None
        takes 255 in masks of 0 and 255, and draws no other.
    """

    stride: int | None = Field(default=None, ge=1)
    tissue: TissueSettings = TissueSettings()
    batch_size: int = Field(default=64, ge=1)
    orientations: Literal[1, 4, 8] | None = None
    threshold: float | None = Field(default=None, ge=0, le=1)
    picture_width: int = Field(default=1600, ge=100, le=8000)
    mask_tumor: int | None = Field(default=None, ge=1, le=255)
