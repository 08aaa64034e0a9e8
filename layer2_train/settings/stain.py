"""Stain normalisation."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from common.config import Settings


class StainSettings(Settings):
    """Which method makes the colours of slides alike, before the network sees them.

    Attributes
    ----------
    method : {"none", "reinhard", "macenko"}
    patches : int
        Of each slide, spread over it, that its colours are measured on.
    """

    method: Literal["none", "reinhard", "macenko"] = "none"
    patches: Annotated[int, Field(ge=1, le=1000)] = 64
