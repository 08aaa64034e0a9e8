"""Settings of `layer3-infer concepts`."""

from __future__ import annotations

from pydantic import Field, field_validator

from common.config import Settings


class ConceptsSettings(Settings):
    """Which concepts a network is asked about, where, and how sure one wants to be.

    Attributes
    ----------
    layers : list of str
        Names of layers; an empty list takes `layer_count` of them, ends of blocks spread over the
        network's depth and the layer activation maps look at.
    layer_count : int
    measures : list of str
        Measures of nuclei to take as concepts; an empty list takes all.
    discrete : list of str
        Concepts to make discrete: patches in the highest third against those in the lowest.
        None of these three lists may name anything twice.
    per_class : int
        Patches of each label from each slide, at most.
    most : int
        Patches in all; `per_class` is lowered to fit.
    folds : int
        Of the cross-validation; a patient is never on both sides.
    ridge : float
        Penalty of the regression: 1 halves the weight of a direction that varies as much as one
        feature does on its own.
    repeats : int
        Cross-validations on patches drawn anew, to see how far results move.
    shuffles : int or None
        Shuffled copies of each concept; None takes as many as the correction of p-values needs,
        1000 at least.
    level : float
        Corrected p-value below which a concept passes.
    batch_size : int
        Patches shown to the network at once.
    seed : int
    """

    layers: tuple[str, ...] = ()
    layer_count: int = Field(default=5, ge=2, le=50)
    measures: tuple[str, ...] = ()
    discrete: tuple[str, ...] = ()
    per_class: int = Field(default=50, ge=1)
    most: int = Field(default=2000, ge=20)
    folds: int = Field(default=5, ge=2)
    ridge: float = Field(default=0.3, gt=0)
    repeats: int = Field(default=20, ge=2)
    shuffles: int | None = Field(default=None, ge=100)
    level: float = Field(default=0.05, gt=0, lt=1)
    batch_size: int = Field(default=32, ge=1)
    seed: int = Field(default=0, ge=0)

    @field_validator("layers", "measures", "discrete")
    @classmethod
    def _once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for place, name in enumerate(names):
            if name in names[:place]:
                raise ValueError(f"expected each name once, found {name!r} twice")
        return names
