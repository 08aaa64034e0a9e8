"""Settings of `layer3-infer suggest`."""

from __future__ import annotations

from pydantic import Field

from common.config import Settings


class SuggestSettings(Settings):
    """What is put before a person to correct.

    Attributes
    ----------
    threshold : float or None
        Probability from which a patch belongs to a suggested region, and nearest to which the model
        is least sure; None takes the one the model was measured with.
    min_area_um2 : float, um2
        Smallest region suggested.
    uncertain : int
        Most patches per slide of which the model is least sure.
    spacing : float, patches
        Least distance between two of these along x or y, in edges of a patch.
    """

    threshold: float | None = Field(default=None, ge=0, le=1)
    min_area_um2: float = Field(default=0.0, ge=0)
    uncertain: int = Field(default=20, ge=0)
    spacing: float = Field(default=3.0, ge=1)
