"""Which patches an epoch shows, in what shares, and how they are read."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from common.config import Settings
from layer2_train.settings.numbers import Count, Weight


class ClassWeights(Settings):
    """Shares of the classes in an epoch, relative to one another."""

    normal: Weight = 1.0
    tumor: Weight = 1.0


class BalanceSettings(Settings):
    """In what shares an epoch shows classes and centres; it has as many patches as there are.

    Attributes
    ----------
    classes : {"natural", "balanced"} or ClassWeights
        As many of each class as there are; equally many of both; or in these shares.
    centres : {"natural", "balanced"}
        The same for the centres within each class.
    """

    classes: Literal["natural", "balanced"] | ClassWeights = "natural"
    centres: Literal["natural", "balanced"] = "natural"


class LoadingSettings(Settings):
    """How patches come from disk.

    Attributes
    ----------
    block : int
        Neighbouring patches of a file that are read together; fewer where there are few.
    window : int
        Patches of blocks drawn at random that are held and shuffled together. Two windows are in
        memory at a time, of 300 MB each at 2048 patches of 224 px. What a rank has to show is
        shuffled wholly where it is no more than this.
    threads : int or None
        That read and decode; None takes all CPUs this process may use.
    """

    block: Count = 32
    window: Annotated[int, Field(ge=2)] = 2048
    threads: Count | None = None
