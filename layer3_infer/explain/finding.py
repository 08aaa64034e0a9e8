"""What is asked about a concept, of which patches, and what is found about it in a layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True)
class Plan:
    """How concepts are assessed.

    Attributes
    ----------
    folds : int
        Of the cross-validation; patients are never parted.
    ridge : float
        See `rcv.regression`.
    repeats : int
        Cross-validations with other folds, on patches drawn with replacement.
    shuffles : int
        Copies of each concept, in other places of the same slides: see `shuffling`.
    level : float
        Of corrected p-values, below which a concept passes.
    agreement : float
        Share of the repeats that must agree about the sign.
    seed : int
    """

    folds: int = 5
    ridge: float = 0.3
    repeats: int = 20
    shuffles: int = 2000
    level: float = 0.05
    agreement: float = 0.95
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Values:
    """One concept's values.

    Attributes
    ----------
    name : str
    values : (N,) float64
        By patch; NaN where there is none. Of a discrete concept, 1 with and 0 without it.
    discrete : bool
    """

    name: str
    values: npt.NDArray[np.float64]
    discrete: bool = False


@dataclass(frozen=True, eq=False)
class Origins:
    """Where N patches come from.

    Attributes
    ----------
    patients : (N,) int64
        What folds never part.
    slides : (N,) int64
        What values are shuffled within.
    places : (N, 2) int64 or None
        Where each patch lies in its slide: see `shuffling.grounds`.
    """

    patients: npt.NDArray[np.int64]
    slides: npt.NDArray[np.int64]
    places: npt.NDArray[np.int64] | None = None

    def of(self, rows: npt.NDArray[np.int64]) -> Origins:
        """Those of the patches in `rows`."""
        places = None if self.places is None else self.places[rows]
        return Origins(self.patients[rows], self.slides[rows], places)


@dataclass(frozen=True)
class Finding:
    """One concept in one layer. Numbers are None where it could not be assessed.

    Attributes
    ----------
    concept, layer : str
    n, groups : int
        Patches with a value, and their patients.
    n_with : int or None
        Patches with a discrete concept; the others of `n` are without it.
    r2 : float or None
        Cross-validated R2 over patches of patients held out; negative if worse than the mean. Of a
        discrete concept, of its values 0 and 1, so that all are on one scale.
    auc : float or None
        How well the same predictions part patches with from those without a discrete concept.
    r2_mean, r2_sd, r2_low, r2_high : float or None
        Over the repeats; low and high leave out 2.5 % on each side.
    r2_null_low, r2_null_high : float or None
        The same band of the shuffled copies.
    r2_p, r2_p_corrected : float or None
        That a shuffled copy does as well; the latter after Holm, over all concepts and layers.
    tcav : float or None
        Share of held-out patches whose score grows with the concept.
    tcav_null_low, tcav_null_high : float or None
    tcav_p : float or None
        That the share of a shuffled copy is as far out; two-sided. Not what a concept passes by:
        see `assess`.
    sensitivity_mean, sensitivity_sd : float or None
        Of the directional derivatives of held-out patches along the unit vector.
    sensitivity_z : float or None
        How many standard deviations of the shuffled copies' means it lies from their middle.
    sensitivity_p, sensitivity_p_corrected : float or None
        That the mean of a shuffled copy is as far out; two-sided.
    br, br_scaled : float or None
        Bidirectional relevance; None also where all sensitivities are equal.
    agreement : float or None
        Share of the repeats whose mean sensitivity has the same sign.
    passes_alone : bool
        Whether it passes, whatever other concepts do: see `assess`.
    passes : bool
        Whether it still does beside stronger concepts: see `explained.beside_others`.
    explained_by : str
        The concept beside which it does not.
    reason : str
        Why it was not assessed.
    """

    concept: str
    layer: str
    n: int
    groups: int
    n_with: int | None = None
    r2: float | None = None
    auc: float | None = None
    r2_mean: float | None = None
    r2_sd: float | None = None
    r2_low: float | None = None
    r2_high: float | None = None
    r2_null_low: float | None = None
    r2_null_high: float | None = None
    r2_p: float | None = None
    r2_p_corrected: float | None = None
    tcav: float | None = None
    tcav_null_low: float | None = None
    tcav_null_high: float | None = None
    tcav_p: float | None = None
    sensitivity_mean: float | None = None
    sensitivity_sd: float | None = None
    sensitivity_z: float | None = None
    sensitivity_p: float | None = None
    sensitivity_p_corrected: float | None = None
    br: float | None = None
    br_scaled: float | None = None
    agreement: float | None = None
    passes_alone: bool = False
    passes: bool = False
    explained_by: str = ""
    reason: str = ""

    @property
    def strength(self) -> float:
        """How far the score follows what the layer knows of the concept; 0 where it knows nothing.

        R2 times the mean sensitivity without its sign. To be compared within one layer.
        """
        return max(self.r2 or 0.0, 0.0) * abs(self.sensitivity_mean or 0.0)
