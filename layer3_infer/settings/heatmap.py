"""Settings of `layer3-infer heatmap`."""

from __future__ import annotations

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
