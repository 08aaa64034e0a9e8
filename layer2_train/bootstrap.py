"""Intervals of statistics over resampled patients, at a cost that hardly grows with the patches.

Patches alike in label and score are counted, not listed: a resample is then a row of counts, and
every statistic is worked out from counts, for many resamples at once (cluster bootstrap: Field and
Welsh 2007, doi:10.1111/j.1467-9868.2007.00593.x).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import numpy.typing as npt

    Counts = npt.NDArray[np.float64]
    Statistic = Callable[[Counts], npt.NDArray[np.float64]]
    Interval = dict[str, float | None]

_MOST_BINS: Final = 1024
_FEWEST_BINS: Final = 64
_MOST_ENTRIES: Final = 1 << 22
"""Of the table of groups by bin: 64 MiB."""
_BLOCK: Final = 32
"""Resamples that are worked out together."""


@dataclass(frozen=True, eq=False)
class Bins:
    """Patches sorted into bins of score.

    A bin never reaches over one of the scores at which the statistics cut. Where there are more
    distinct scores than bins, patches of nearly equal score share one.

    Attributes
    ----------
    edges : (B - 1,) float64
        A score on an edge belongs to the bin above it.
    bins : (N,) int64
        Bin of each patch.
    labels : (N,) int8
    """

    edges: npt.NDArray[np.float64]
    bins: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.edges) + 1

    @property
    def kinds(self) -> npt.NDArray[np.int64]:
        """Bin and label of each patch in one number below ``2 * len(self)``, (N,) int64."""
        return 2 * self.bins + (self.labels == 1)

    def total(self, values: npt.NDArray[Any] | None = None) -> npt.NDArray[np.float64]:
        """Number of patches, or sum of their `values`, (B, 2) by bin, then normal and tumour."""
        sums = np.bincount(self.kinds, values, minlength=2 * len(self))
        return sums.astype(np.float64).reshape(len(self), 2)

    def mean(self, values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Mean of `values` by bin and label, (B, 2); 0 where there is no patch."""
        return self.total(values) / np.maximum(self.total(), 1)

    def from_edge(self, cut: float) -> npt.NDArray[np.bool_]:
        """Which bins hold scores from `cut` on, one of the cuts they were made with; (B,)."""
        return np.arange(len(self)) >= np.searchsorted(self.edges, cut, side="right")


def sort_into_bins(
    labels: npt.NDArray[np.int8],
    scores: npt.NDArray[np.float32],
    groups: npt.NDArray[Any],
    cuts: Sequence[float],
) -> Bins:
    """Bins for patches of these groups; `cuts` are scores no bin reaches over."""
    distinct = np.unique(scores)
    most = int(np.clip(_MOST_ENTRIES // max(len(np.unique(groups)), 1), _FEWEST_BINS, _MOST_BINS))
    if len(distinct) > most:
        shares = np.linspace(0, 1, most + 1)[1:-1]
        distinct = np.quantile(scores, shares, method="inverted_cdf")
    else:
        distinct = distinct[1:]
    edges = np.unique(np.concatenate([distinct.astype(np.float64), np.asarray(cuts, np.float64)]))
    return Bins(edges, np.searchsorted(edges, scores.astype(np.float64), side="right"), labels)


def intervals(
    bins: Bins,
    groups: npt.NDArray[Any],
    statistics: Mapping[str, Statistic],
    *,
    replicates: int,
    seed: int = 0,
) -> dict[str, Interval]:
    """Each statistic with its 95 % percentile interval.

    Parameters
    ----------
    bins : Bins
    groups : (N,) of anything
        Patches of equal group, such as a patient, are drawn together.
    statistics : dict of name to callable
        Takes counts (R, B, 2), by resample, bin, and normal or tumour; gives (R,) numbers from 0
        to 1, NaN where undefined.
    replicates : int
        Resamples; those where a statistic is undefined are left out of its interval.
    seed : int

    Returns
    -------
    dict of name to dict
        ``value``, ``low``, ``high``; None where undefined. With one group there is no interval.
    """
    whole = bins.total()[None]
    values = {name: float(statistic(whole)[0]) for name, statistic in statistics.items()}
    found: dict[str, list[npt.NDArray[np.float64]]] = {name: [] for name in statistics}
    for counts in _resamples(bins, groups, replicates, seed):
        for name, statistic in statistics.items():
            found[name].append(statistic(counts))
    return {name: _interval(values[name], parts) for name, parts in found.items()}


def moved(interval: Interval, value: float) -> Interval:
    """An interval for bins, moved to the exact `value` of its statistic; within 0 and 1."""
    middle, low, high = interval["value"], interval["low"], interval["high"]
    if middle is None or low is None or high is None:
        return {**interval, "value": _or_none(value)}
    by = value - middle
    ends = {"low": low, "high": high}
    return {"value": value, **{name: float(np.clip(end + by, 0, 1)) for name, end in ends.items()}}


def ratio(part: npt.NDArray[np.float64], whole: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """`part` of `whole`, NaN where the whole is nothing."""
    return np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0)


def _resamples(
    bins: Bins, groups: npt.NDArray[Any], replicates: int, seed: int
) -> Iterator[Counts]:
    """Counts (R, B, 2) of resamples, a block of them at a time.

    Groups of one patch are as many as there are patches; of these, equal ones are counted.
    """
    names, member, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    if len(names) < 2:
        return
    kinds = bins.kinds
    alone = np.bincount(kinds[sizes[member] == 1], minlength=2 * len(bins))
    table = _table(kinds, member, sizes, 2 * len(bins))
    chances = np.concatenate([np.ones(len(table)), alone]) / len(names)
    chances /= chances.sum()
    rng = np.random.default_rng(seed)
    for start in range(0, replicates, _BLOCK):
        drawn = rng.multinomial(len(names), chances, size=min(_BLOCK, replicates - start))
        counts = drawn[:, : len(table)] @ table + drawn[:, len(table) :]
        yield counts.reshape(len(drawn), len(bins), 2)


def _table(
    kinds: npt.NDArray[np.int64],
    member: npt.NDArray[np.intp],
    sizes: npt.NDArray[np.intp],
    width: int,
) -> npt.NDArray[np.float64]:
    """Patches by group and kind, of groups with more than one patch; (G, width)."""
    united = sizes > 1
    row = np.cumsum(united) - 1
    own = united[member]
    entries = row[member[own]] * width + kinds[own]
    counts = np.bincount(entries, minlength=int(united.sum()) * width)
    return counts.reshape(-1, width).astype(np.float64)


def _interval(value: float, parts: list[npt.NDArray[np.float64]]) -> Interval:
    sampled = np.concatenate(parts) if parts else np.empty(0)
    defined = sampled[~np.isnan(sampled)]
    if not len(defined):
        return {"value": _or_none(value), "low": None, "high": None}
    low, high = np.percentile(defined, [2.5, 97.5])
    return {"value": _or_none(value), "low": float(low), "high": float(high)}


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
