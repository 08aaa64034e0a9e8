"""Settings of `layer3-infer explain`."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from common.config import Settings
from layer3_infer.explainers import check_name


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
