"""Settings of `layer3-infer explain`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from common.config import Settings
from layer3_infer.explainers import check_name

MethodName = Annotated[str, AfterValidator(check_name)]


class LimeSettings(Settings):
    """How LIME asks the network.

    Attributes
    ----------
    samples : int
        Variants of a patch the network answers, per repeat.
    superpixels : int
        About how many pieces a patch is cut into (SLIC).
    compactness : float
        The larger, the more square and the less true to colour the pieces.
    hidden : {"white", "mean"}
        What stands in place of a hidden piece: the white of glass, or the piece's own mean colour,
        which hides texture only.
    kernel_width : float
        How far from the patch, in cosine distance, variants still count.
    repeats : int
        How often it is done, each time with other variants: the map is the mean, and how well the
        repeats agree is told with it.
    seed : int
    """

    samples: int = Field(default=1000, ge=10, le=100_000)
    superpixels: int = Field(default=50, ge=2, le=1000)
    compactness: float = Field(default=10.0, gt=0)
    hidden: Literal["white", "mean"] = "white"
    kernel_width: float = Field(default=0.25, gt=0)
    repeats: int = Field(default=3, ge=1, le=100)
    seed: int = Field(default=0, ge=0)


class SanitySettings(Settings):
    """How methods are tried on networks with random weights.

    Attributes
    ----------
    patches : int
        Of all slides together, at most: the first ones of each.
    depths : int
        To how many depths the weights are randomised, spread over the network.
    least_change : float
        A method passes if, with every weight random, the rank correlation of its maps with those
        of the trained network is at most this, on average over the patches.
    seed : int
    """

    patches: int = Field(default=4, ge=1, le=1000)
    depths: int = Field(default=5, ge=2, le=1000)
    least_change: float = Field(default=0.5, ge=0, lt=1)
    seed: int = Field(default=0, ge=0)


class ExplainSettings(Settings):
    """What to explain, and how.

    Attributes
    ----------
    methods : tuple of str
        Keys of `layer3_infer.explainers.EXPLAINERS`, each once.
    choose : {"top", "uncertain"}
        Which patches of a slide: those of highest probability, or those where the model is least
        sure, that is, closest to its threshold.
    top : int
        Patches per slide.
    at : tuple of (x, y), level-0 px
        The patches at these places instead: with this corner, or around this place.
    rows : tuple of int
        The patches with these numbers instead, from 0, in the order of the patch file.
    batch_size : int
        Patches answered at once.
    lime : LimeSettings
    sanity : SanitySettings
        Used where the check is asked for.
    """

    methods: tuple[MethodName, ...] = Field(default=("grad_cam",), min_length=1)
    choose: Literal["top", "uncertain"] = "top"
    top: int = Field(default=6, ge=1, le=100)
    at: tuple[tuple[int, int], ...] = ()
    rows: tuple[Annotated[int, Field(ge=0)], ...] = ()
    batch_size: int = Field(default=64, ge=1)
    lime: LimeSettings = LimeSettings()
    sanity: SanitySettings = SanitySettings()

    @model_validator(mode="after")
    def _one_way_to_choose(self) -> ExplainSettings:
        if len(set(self.methods)) != len(self.methods):
            raise ValueError(f"methods: expected each once, found {', '.join(self.methods)}")
        if self.at and self.rows:
            raise ValueError("rows: expected none beside at, found both")
        return self

    @property
    def names_patches(self) -> bool:
        """Whether it says which patches, so that no slide is gone through."""
        return bool(self.at or self.rows)
