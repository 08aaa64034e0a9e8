"""How weights are moved along their gradients."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from common.config import Settings
from layer2_train.settings.numbers import Fraction, Rate


class _Any(Settings):
    """What all optimizers have.

    Attributes
    ----------
    clip_norm : float or None
        Gradients whose norm over all weights is larger are shortened to this; None leaves them.
    average : float or None
        Share of the running mean of weights that is kept at each step, such as 0.999, and less in
        the first steps; validated and saved is then that mean, with the running statistics of
        the weights that learn (Polyak and Juditsky 1992, doi:10.1137/0330046). None is off.
    """

    clip_norm: Annotated[float, Field(gt=0)] | None = None
    average: Annotated[float, Field(gt=0, lt=1)] | None = None


class Sgd(_Any):
    """Stochastic gradient descent."""

    name: Literal["sgd"] = "sgd"
    learning_rate: Rate = 1e-4
    momentum: Fraction = 0.9
    nesterov: bool = True


class Adam(_Any):
    """Adam (Kingma and Ba 2015, arXiv:1412.6980)."""

    name: Literal["adam"] = "adam"
    learning_rate: Rate = 1e-3


class AdamW(_Any):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019, arXiv:1711.05101)."""

    name: Literal["adamw"] = "adamw"
    learning_rate: Rate = 1e-3
    weight_decay: Fraction = 0.004


class Lamb(_Any):
    """LAMB, for large batches (You et al. 2020, arXiv:1904.00962)."""

    name: Literal["lamb"] = "lamb"
    learning_rate: Rate = 1e-3
    weight_decay: Fraction = 0.01


Optimizer = Sgd | Adam | AdamW | Lamb
