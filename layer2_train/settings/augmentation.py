"""Variations of the training patches."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from common.config import Settings
from layer2_train.settings.numbers import Fraction


class StainJitter(Settings):
    """Stains made stronger or weaker; see `layer2_train.augmentation`.

    Attributes
    ----------
    scale : float
        Each stain's optical density is multiplied by 1 - scale to 1 + scale.
    shift : float
        Then moved by up to this much, in decadic optical density.
    """

    scale: Fraction = 0.05
    shift: Fraction = 0.05

    @model_validator(mode="before")
    @classmethod
    def _one_number_is_both(cls, value: Any) -> Any:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return {"scale": value, "shift": value}
        return value


class ColourJitter(Settings):
    """Colours changed as a camera or a lamp would; see `layer2_train.augmentation`.

    Attributes
    ----------
    brightness, contrast, saturation : float
        Multiplied by 1 minus to 1 plus this.
    hue : float, turns
        Colours are turned about the axis of greys by up to this much either way.
    """

    brightness: Fraction = 0.0
    contrast: Fraction = 0.0
    saturation: Fraction = 0.0
    hue: Annotated[float, Field(ge=0, le=0.5)] = 0.0


class AugmentationSettings(Settings):
    """Variations of the training patches that leave their label as it is.

    Attributes
    ----------
    flip : bool
        Mirrored left to right and upside down, each with a chance of one half.
    rotate90 : bool
        Turned by 0 to 3 quarters.
    stain_jitter : float or StainJitter
        One number is both scale and shift; 0 is off.
    colour_jitter : ColourJitter
        Off by default.
    """

    flip: bool = True
    rotate90: bool = True
    stain_jitter: StainJitter = StainJitter()
    colour_jitter: ColourJitter = ColourJitter()
