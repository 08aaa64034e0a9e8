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
        Of gradients on their way between ranks; fp16 loses those below 6e-8, unless
        `precision` is ``mixed_float16``, whose loss is scaled.
    fusion_mb : int, MiB
        Small tensors are sent together up to this size.
    timeout_s : float, s
        A rank that has not been heard of for so long, because it or its node is gone or stands
        still, ends the job.
    late_s : float, s
        A rank that is there, but that others have waited for this long, ends the job too. Rank 0
        alone writes files, and others wait for it meanwhile.
    """

    compression: Literal["none", "fp16"] = "none"
    fusion_mb: Annotated[int, Field(ge=0)] = 64
    timeout_s: Annotated[float, Field(gt=0)] = 60.0
    late_s: Annotated[float, Field(gt=0)] = 600.0
