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
        Pictures wider than this are reduced; those of slides are as wide as ``layer3-infer
        heatmap`` wrote them, at most.
    thumbnail_width : int, px
        Of the pictures in the table of slides.
    jpeg_quality : int, 1 to 100
        Of the pictures inside the pages.
    explanations : int
        Most explained patches shown of a slide and method.
    """

    title: str = "Tumour heatmaps of lymph-node slides"
    picture_width: int = Field(default=2000, ge=100, le=8000)
    thumbnail_width: int = Field(default=96, ge=16, le=512)
    jpeg_quality: int = Field(default=85, ge=1, le=100)
    explanations: int = Field(default=12, ge=0, le=200)
