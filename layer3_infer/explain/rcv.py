"""Regression concept vectors: where in a layer's activations a concept grows.

Graziani, Andrearczyk and Mueller 2018, doi:10.1007/978-3-030-02628-8_14, after the concept
activation vectors of Kim et al. 2018, arXiv:1711.11279. Everything is linear in the concept's
values, so any number of concepts, such as shuffled ones, are regressed at once.

Departing from the paper, vectors have unit length in the space of standardised activations, where
one step along a feature is its standard deviation. In raw activations the vector would lie along
features that hardly vary, since the less a feature varies the larger its weight; and a sensitivity
would change when a feature is scaled and the layer that reads it is scaled back, which changes
nothing in the network. A sensitivity is thus the score's change per standard deviation; signs,
TCAV and Br of a vector do not depend on its length.

Names in shapes: N patches, F features of the layer, K concepts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import numpy.typing as npt

    Matrix = npt.NDArray[np.float64]

_DEAD: Final = 1e-6
"""A feature that varies less than this share of the liveliest is left out."""


@dataclass(frozen=True, eq=False)
class Regression:
    """Ridge regression on some patches, for any concept: its values alone are missing.

    Attributes
    ----------
    reduce : (R, M) float64
        To coordinates of the vector of regression; R is at most F and M.
    expand : (F, R) float64
        From them to the vector, in the space of standardised activations.
    mean, spread : (F,) float64
        Of the activations; a spread of 0 marks a feature that is left out.
    """

    reduce: Matrix
    expand: Matrix
    mean: npt.NDArray[np.float64]
    spread: npt.NDArray[np.float64]

    def standardised(self, activations: Matrix) -> Matrix:
        """Activations (N, F) in standard deviations from the mean; 0 in features left out."""
        per_unit = np.where(self.spread > 0, 1 / np.where(self.spread > 0, self.spread, 1), 0)
        return (activations - self.mean) * per_unit

    def vector(self, concept: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The vector of regression, (F,), of a concept's values (M,); its direction is the RCV.

        Of standardised activations: times the features' standard deviations it is the same step in
        raw ones.
        """
        return self.expand @ (self.reduce @ (concept - concept.mean()))


@dataclass(frozen=True, eq=False)
class Fold:
    """A regression on some patches, to be asked about others.

    Attributes
    ----------
    train : (M,) int64
        Rows regressed on; a row may come twice.
    test : (T,) int64
        Rows held out.
    reduce : (R, M) float64
        As in `Regression`; what follows takes its coordinates.
    predict : (T, R) float64
        To the concept's values at `test`, less their mean over `train`.
    derive : (T, R) float64
        To the derivative of the score, at `test`, along the vector of regression.
    norm : (R, R) float64
        To the squared length of that vector: a quadratic form.
    """

    train: npt.NDArray[np.int64]
    test: npt.NDArray[np.int64]
    reduce: Matrix
    predict: Matrix
    derive: Matrix
    norm: Matrix


@dataclass(frozen=True, eq=False)
class HeldOut:
    """What regressions say about patches they have not seen.

    Attributes
    ----------
    predicted : (N, K) float64
        The concepts' values.
    sensitivity : (N, K) float64
        Derivative of the score along the unit vector of each concept, per standard deviation.
    """

    predicted: Matrix
    sensitivity: Matrix


def centred(values: Matrix, groups: npt.NDArray[np.int64]) -> Matrix:
    """(N, K) values less their mean over the group each row belongs to."""
    _, member, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    sums = np.zeros((len(sizes), values.shape[1]))
    np.add.at(sums, member, values)
    return values - (sums / sizes[:, None])[member]


def split(
    groups: npt.NDArray[np.int64], folds: int, rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """The fold of each patch: whole groups, shared out at random, large ones first.

    Parameters
    ----------
    groups : (N,) int64
        The patient or slide of each patch.
    folds : int
        At least 2; there are never more than groups.
    rng : Generator

    Returns
    -------
    (N,) int64
        0 to folds - 1.

    Raises
    ------
    ValueError
        If there is one group only.
    """
    names, member, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    if len(names) < 2:
        raise ValueError("two groups at least, got one: nothing can be held out")
    shuffled = rng.permutation(len(names))
    order = shuffled[np.argsort(-sizes[shuffled], kind="stable")]
    held = np.zeros(min(folds, len(names)), dtype=np.int64)
    fold_of = np.empty(len(names), dtype=np.int64)
    for group in order:
        fold_of[group] = int(np.argmin(held))
        held[fold_of[group]] += sizes[group]
    return fold_of[member]


def prepare(
    activations: Matrix,
    gradients: Matrix,
    fold_of: npt.NDArray[np.int64],
    ridge: float,
    sample: Callable[[npt.NDArray[np.int64]], npt.NDArray[np.int64]] | None = None,
) -> Iterator[Fold]:
    """The regressions of a cross-validation, one per fold.

    Parameters
    ----------
    activations, gradients : (N, F) float64
    fold_of : (N,) int64
    ridge : float
        See `regression`.
    sample : callable, optional
        Rows that may be regressed on to those that are.
    """
    for number in np.unique(fold_of).tolist():
        train, test = np.flatnonzero(fold_of != number), np.flatnonzero(fold_of == number)
        if sample is not None:
            train = sample(train)
        found = regression(activations[train], ridge)
        expand = found.expand
        predict = found.standardised(activations[test]) @ expand
        derive = (gradients[test] * found.spread) @ expand
        yield Fold(train, test, found.reduce, predict, derive, expand.T @ expand)


def resampled(
    rows: npt.NDArray[np.int64], groups: npt.NDArray[np.int64], rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """As many rows, drawn with replacement from each group; `groups` is of all rows."""
    own = groups[rows]
    parts = [rows[own == group] for group in np.unique(own)]
    return np.concatenate([part[rng.integers(0, len(part), len(part))] for part in parts])


def regression(activations: Matrix, ridge: float) -> Regression:
    """Ridge regression on the activations of some patches.

    Features are centred and divided by their standard deviations, so that none counts for its
    unit. `ridge` is the penalty per patch: 1 halves the weight of a direction that varies as much
    as one feature does on its own. It is the same for all concepts, so that nothing is chosen by
    looking at one; and there may be more features than patches.

    Parameters
    ----------
    activations : (M, F) float64
    ridge : float
        Greater than 0.
    """
    spread = activations.std(axis=0)
    spread[spread <= _DEAD * spread.max()] = 0
    empty = Regression(np.empty((0, 0)), np.empty((0, 0)), activations.mean(axis=0), spread)
    standard = empty.standardised(activations)
    penalty = ridge * len(activations)
    if activations.shape[1] <= len(activations):
        size, turned = np.linalg.eigh(standard.T @ standard)
        reduce = (standard @ turned / (np.maximum(size, 0) + penalty)).T
        expand = turned * (spread > 0)[:, None]
    else:
        size, turned = np.linalg.eigh(standard @ standard.T)
        reduce = (turned / (np.maximum(size, 0) + penalty)).T
        expand = standard.T @ turned
    return replace(empty, reduce=reduce, expand=expand)


def cross_fit(folds: Iterable[Fold], concepts: Matrix) -> HeldOut:
    """Regress concepts in each fold, and ask about the patches it holds out.

    Parameters
    ----------
    folds : iterable of Fold
        Together they hold out every patch once.
    concepts : (N, K) float64
    """
    predicted, sensitivity = np.empty_like(concepts), np.empty_like(concepts)
    for fold in folds:
        known = concepts[fold.train]
        vector = fold.reduce @ (known - known.mean(axis=0))
        length = np.sqrt(np.maximum((vector * (fold.norm @ vector)).sum(axis=0), 0))
        predicted[fold.test] = known.mean(axis=0) + fold.predict @ vector
        sensitivity[fold.test] = fold.derive @ vector / np.where(length > 0, length, 1)
    return HeldOut(predicted, sensitivity)


def r_squared(concepts: Matrix, predicted: Matrix) -> npt.NDArray[np.float64]:
    """Share of each concept's variance that is predicted, (K,); negative if worse than its mean."""
    left = np.square(concepts - predicted).sum(axis=0)
    whole = np.square(concepts - concepts.mean(axis=0)).sum(axis=0)
    return 1 - left / np.where(whole > 0, whole, np.inf)


def tcav(sensitivity: Matrix) -> npt.NDArray[np.float64]:
    """Share of patches whose score grows with each concept, (K,); patches that don't care are half.

    Kim et al. 2018, arXiv:1711.11279, section 3.4; without the restriction to one class, whose
    patches the caller chooses.
    """
    return (sensitivity > 0).mean(axis=0) + (sensitivity == 0).mean(axis=0) / 2


def bidirectional_relevance(r2: float, sensitivity: npt.NDArray[np.float64]) -> float | None:
    """Br, before it is scaled: R2 divided by the coefficient of variation of the sensitivities.

    Graziani, Andrearczyk and Mueller 2018, doi:10.1007/978-3-030-02628-8_14, section 2.3: R2 times
    mean over standard deviation; its sign is that of the mean. A negative R2 counts as 0, which
    the paper does not meet: its R2 is of the patches regressed on.

    Returns
    -------
    float or None
        None where all sensitivities are equal.
    """
    spread = float(sensitivity.std())
    mean = float(sensitivity.mean())
    if spread <= _DEAD * abs(mean) or spread == 0:
        return None
    return max(r2, 0.0) * mean / spread


def scaled(values: Sequence[float | None]) -> list[float | None]:
    """Br of the concepts of one layer over the largest of them without its sign: -1 to 1."""
    largest = max((abs(value) for value in values if value is not None), default=0.0)
    if not largest:
        return list(values)
    return [None if value is None else value / largest for value in values]
