"""What changes from step to step and from epoch to epoch."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from common.config import Settings


class ScheduleSettings(Settings):
    """How the learning rate changes from step to step.

    Attributes
    ----------
    name : {"constant", "cosine"}
        Cosine falls to 0 at the last step.
    warmup_epochs : float
        Epochs, or a part of one, in which the rate first rises from 0.
    scaling : {"linear", "sqrt", "none"} or None
        What the learning rate is multiplied by, as each rank adds a batch to the step: the number
        of ranks (Goyal et al. 2017, arXiv:1706.02677), its square root (Malladi et al. 2022,
        arXiv:2205.10287), or nothing. None is linear for SGD and the root for the others.
    """

    name: Literal["constant", "cosine"] = "constant"
    warmup_epochs: Annotated[float, Field(ge=0)] = 0.0
    scaling: Literal["linear", "sqrt", "none"] | None = None


class EarlyStopping(Settings):
    """When to stop before the last epoch.

    Attributes
    ----------
    patience : int or None
        Epochs without a better validation result before training stops; None never stops. Better
        is a higher AUC, then a lower loss; the loss alone where validation holds one class.
    """

    patience: Annotated[int, Field(ge=1)] | None = None
