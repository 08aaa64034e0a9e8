"""How ranks work together."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from common.config import Settings


class DistributedSettings(Settings):
    """How ranks share gradients, and how long they wait for one another.

    Attributes
    ----------
    compression : {"none", "fp16"}
        Of gradients on their way between ranks.
    fusion_mb : int, MiB
        Small tensors are sent together up to this size.
    timeout_s : float, s
        A rank that has not been heard of for so long ends the job.
    """

    compression: Literal["none", "fp16"] = "none"
    fusion_mb: Annotated[int, Field(ge=0)] = 64
    timeout_s: Annotated[float, Field(gt=0)] = 60.0
