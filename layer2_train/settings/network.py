"""Which network is trained, and from what."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from common.config import Settings
from layer2_train.architectures import check_name, published
from layer2_train.settings.numbers import Fraction

NONE: Final = "none"
IMAGENET: Final = "imagenet"


class FreezeSettings(Settings):
    """Weights that are not trained, or not from the start.

    Attributes
    ----------
    until : str or None
        Layers up to this one, itself included, in the order of the network's summary keep their
        weights; ``body`` is all before the pooling. None freezes nothing.
    epochs : int or None
        For the first so many epochs; after them everything is trained. None is always.
    learning_rate_factor : float
        The learning rate is multiplied by this from the epoch on in which the freeze ends.
    """

    until: str | None = None
    epochs: Annotated[int, Field(ge=1)] | None = None
    learning_rate_factor: Annotated[float, Field(gt=0, le=1)] = 1.0


class NetworkSettings(Settings):
    """The network to train.

    Attributes
    ----------
    name : str
        A key of `layer2_train.architectures.NETWORKS`.
    weights : str
        What it starts from: ``none`` draws them from the seed; ``imagenet`` takes Keras' weights
        from its cache; anything else is a model bundle, or a file that ends in ``.keras`` or
        ``.h5``.
    dropout : float
        Share of features hidden at random before the last layer, in training only.
    pooling : {"average", "learned"}
        How features of all places become those of the patch: their mean, or a sum whose weights
        by place and feature are learned, for labels that depend on where in the patch tumour is.
    freeze : FreezeSettings
    """

    name: Annotated[str, AfterValidator(check_name)] = "resnet50"
    weights: Annotated[str, Field(min_length=1)] = NONE
    dropout: Fraction = 0.2
    pooling: Literal["average", "learned"] = "average"
    freeze: FreezeSettings = FreezeSettings()

    @model_validator(mode="after")
    def _are_published(self) -> Self:
        if self.weights == IMAGENET:
            published(self.name)
        return self
