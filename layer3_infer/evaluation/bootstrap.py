"""Intervals of several numbers at once, over patients.

All numbers of one evaluation are of the same resamples of its patients: see `common.roc`, whose
draws these are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from common.roc import Counted

    CountedAll = Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]

Estimate = dict[str, Any]
"""``value``, ``low``, ``high``, None where undefined; then `reason` says why."""

ONE_GROUP = "no interval over fewer than two patients"


def estimates(
    statistics: CountedAll,
    groups: Sequence[str],
    *,
    replicates: int,
    seed: int,
    undefined: str,
) -> list[Estimate]:
    """Each of several numbers with its 95 % bootstrap percentile interval over groups.

    Parameters
    ----------
    statistics : callable
        Takes how often each item counts, (N,) float64; gives (K,) float64, NaN where undefined.
    groups : sequence of str
        Of each item; items of equal group, such as a patient, are drawn together.
    replicates : int
        Resamples; those where a number is undefined are left out of its interval.
    seed : int
    undefined : str
        Why a number is undefined, where it is.
    """
    names, member = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    values = statistics(np.ones(len(member)))
    if len(names) < 2:
        return [estimate(value, np.empty(0), undefined, ONE_GROUP) for value in values]
    rng = np.random.default_rng(seed)
    share = np.full(len(names), 1 / len(names))
    draws = (rng.multinomial(len(names), share) for _ in range(replicates))
    sampled = np.array([statistics(draw[member].astype(np.float64)) for draw in draws])
    never = "no interval: undefined in every resample"
    return [
        estimate(value, column, undefined, never)
        for value, column in zip(values, sampled.T, strict=True)
    ]


def one_estimate(statistic: Counted, groups: Sequence[str], **how: Any) -> Estimate:
    """The same of one number."""
    return estimates(lambda counts: np.array([statistic(counts)]), groups, **how)[0]


def estimate(
    value: float, sampled: npt.NDArray[np.float64], undefined: str, unbounded: str
) -> Estimate:
    """A number and what it was in resamples, as an `Estimate`."""
    if np.isnan(value):
        return {"value": None, "low": None, "high": None, "reason": undefined}
    defined = sampled[~np.isnan(sampled)]
    if not len(defined):
        return {"value": float(value), "low": None, "high": None, "reason": unbounded}
    low, high = np.percentile(defined, [2.5, 97.5])
    return {"value": float(value), "low": float(low), "high": float(high)}


def explained(found: dict[str, float | None], undefined: str) -> Estimate:
    """An interval of `common.roc`, with the reason where something is undefined."""
    if found["value"] is None:
        return {**found, "reason": undefined}
    return {**found, "reason": ONE_GROUP} if found["low"] is None else dict(found)
