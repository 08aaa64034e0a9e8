"""Settings of `layer3-infer report`."""

from __future__ import annotations

from pydantic import Field

from common.config import Settings


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
