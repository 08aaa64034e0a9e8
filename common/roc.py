"""Area under the ROC curve, and intervals that respect patients.

Patches of one patient are not independent. Intervals therefore resample patients, not patches
(cluster bootstrap: Field and Welsh 2007, doi:10.1111/j.1467-9868.2007.00593.x).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Counted = Callable[[npt.NDArray[np.float64]], float]

LEAST_DEFINED: Final = 0.8
"""Share of the resamples that must define a statistic for it to have an interval."""


def auc(
    labels: npt.NDArray[np.int8],
    scores: npt.NDArray[np.float32],
    weights: npt.NDArray[np.float64] | None = None,
) -> float:
    """Chance that a tumour patch scores above a normal one; ties count half.

    Parameters
    ----------
    labels : (N,) int8
        1 tumour, 0 normal.
    scores : (N,) float32
    weights : (N,) float64 or None
        How often each patch counts; None counts each once.

    Returns
    -------
    float
        NaN where one of the classes is missing.

    Examples
    --------
    >>> auc(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8]))
    0.75
    """
    counts = np.ones(len(labels)) if weights is None else weights
    _, rank = np.unique(scores, return_inverse=True)
    return _auc_of_ranks(labels, rank, counts)


def roc_curve(
    labels: npt.NDArray[np.int8], scores: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """False and true positive rates at every threshold, from (0, 0) to (1, 1).

    Returns
    -------
    false_positive_rate, true_positive_rate : (K,) float64
    """
    _, rank = np.unique(-scores, return_inverse=True)
    tumor = np.bincount(rank, labels == 1)
    normal = np.bincount(rank, labels == 0)
    rates = [np.concatenate([[0.0], np.cumsum(n) / max(n.sum(), 1)]) for n in (normal, tumor)]
    return rates[0], rates[1]


def interval(
    statistic: Counted,
    groups: npt.NDArray[Any],
    *,
    replicates: int = 1000,
    seed: int = 0,
) -> dict[str, float | None]:
    """A statistic with its 95 % bootstrap percentile interval over groups.

    Parameters
    ----------
    statistic : callable
        Takes how often each item counts, (N,) float64, and returns a number, NaN where undefined.
    groups : (N,) of anything
        Items of equal group, such as a patient, are drawn together.
    replicates : int
        Number of resamples; those where the statistic is undefined are left out.
    seed : int

    Returns
    -------
    dict
        ``value``, ``low``, ``high``; None where undefined. With one group there is no interval, nor
        where fewer than `LEAST_DEFINED` of the resamples define the statistic.
    """
    names, member = np.unique(groups, return_inverse=True)
    value = statistic(np.ones(len(member)))
    if len(names) < 2:
        return {"value": _or_none(value), "low": None, "high": None}
    rng = np.random.default_rng(seed)
    share = np.full(len(names), 1 / len(names))
    draws = (rng.multinomial(len(names), share) for _ in range(replicates))
    sampled = np.array([statistic(draw[member].astype(np.float64)) for draw in draws])
    low, high = percentiles(sampled)
    return {"value": _or_none(value), "low": _or_none(low), "high": _or_none(high)}


def percentiles(sampled: npt.NDArray[np.float64]) -> tuple[float, float]:
    """The middle 95 % of what resamples define; NaN where they define too little of it.

    What is left out is not left out by chance: of one patient with tumour and one without, the
    resamples that define an area are all the same two patients.
    """
    defined = sampled[~np.isnan(sampled)]
    if not len(defined) or len(defined) < LEAST_DEFINED * len(sampled):
        return float("nan"), float("nan")
    low, high = np.percentile(defined, [2.5, 97.5])
    return float(low), float(high)


def auc_interval(
    labels: npt.NDArray[np.int8],
    scores: npt.NDArray[np.float32],
    groups: npt.NDArray[Any],
    *,
    replicates: int = 1000,
    seed: int = 0,
) -> dict[str, float | None]:
    """`auc` with its interval over `groups`; the scores are ranked once for all replicates."""
    return interval(counted_auc(labels, scores), groups, replicates=replicates, seed=seed)


def counted_auc(labels: npt.NDArray[np.int8], scores: npt.NDArray[np.float32]) -> Counted:
    """`auc` as a function of how often each patch counts; the scores are ranked once."""
    _, rank = np.unique(scores, return_inverse=True)
    return lambda counts: _auc_of_ranks(labels, rank, counts)


def _auc_of_ranks(
    labels: npt.NDArray[np.int8], rank: npt.NDArray[np.intp], counts: npt.NDArray[np.float64]
) -> float:
    tumor = np.bincount(rank, counts * (labels == 1))
    normal = np.bincount(rank, counts * (labels == 0))
    pairs = tumor.sum() * normal.sum()
    if pairs == 0:
        return float("nan")
    below = np.cumsum(normal) - normal / 2
    return float((tumor * below).sum() / pairs)


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
