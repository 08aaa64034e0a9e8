"""Intervals of several numbers at once, over patients.

All numbers of one evaluation are of the same resamples of its patients: see `common.roc`, whose
draws these are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from common.roc import percentiles

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from common.roc import Counted

    CountedAll = Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]
    Groups = Sequence[str] | npt.NDArray[np.str_]

Estimate = dict[str, Any]
"""``value``, ``low``, ``high``, None where undefined; then `reason` says why.

``resamples`` says how many of them define the number: see `common.roc.LEAST_DEFINED`.
"""

ONE_GROUP = "no interval over fewer than two patients"


def estimates(
    statistics: CountedAll,
    groups: Groups,
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
        return [_alone(value, undefined, ONE_GROUP) for value in values]
    rng = np.random.default_rng(seed)
    share = np.full(len(names), 1 / len(names))
    draws = (rng.multinomial(len(names), share) for _ in range(replicates))
    sampled = np.array([statistics(draw[member].astype(np.float64)) for draw in draws])
    return [
        _bounded(value, column, undefined) for value, column in zip(values, sampled.T, strict=True)
    ]


def one_estimate(statistic: Counted, groups: Groups, **how: Any) -> Estimate:
    """The same of one number."""
    return estimates(lambda counts: np.array([statistic(counts)]), groups, **how)[0]


def _bounded(value: float, sampled: npt.NDArray[np.float64], undefined: str) -> Estimate:
    """A number, and the interval of what it was in resamples."""
    if np.isnan(value):
        return _alone(value, undefined, "")
    defined, (low, high) = int((~np.isnan(sampled)).sum()), percentiles(sampled)
    if np.isnan(low):
        few = f"no interval: only {defined} of {len(sampled)} resamples define it"
        return {**_alone(value, undefined, few), "resamples": defined}
    return {"value": float(value), "low": low, "high": high, "resamples": defined}


def _alone(value: float, undefined: str, unbounded: str) -> Estimate:
    """A number without an interval, and why."""
    if np.isnan(value):
        return {"value": None, "low": None, "high": None, "reason": undefined}
    return {"value": float(value), "low": None, "high": None, "reason": unbounded}
