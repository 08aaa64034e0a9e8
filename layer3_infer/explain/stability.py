"""How well repeats of a method that draws by chance agree. Nothing is opened."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.stats import rankdata

if TYPE_CHECKING:
    import numpy.typing as npt

TOP_SHARE: Final = 0.2
"""Share of the pieces of a patch that counts as its strongest."""


def rank_correlation(one: npt.NDArray[np.floating], other: npt.NDArray[np.floating]) -> float:
    """Spearman's correlation; 1 where both are constant, 0 where one is.

    Examples
    --------
    >>> rank_correlation(np.array([1.0, 2, 3]), np.array([1.0, 4, 9]))
    1.0
    """
    constant = np.ptp(one) == 0, np.ptp(other) == 0
    if any(constant):
        return float(all(constant))
    a, b = (rankdata(values.ravel()) for values in (one, other))
    a, b = a - a.mean(), b - b.mean()
    return float(np.clip((a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum()), -1, 1))


def overlap_of_strongest(
    one: npt.NDArray[np.floating], other: npt.NDArray[np.floating], share: float = TOP_SHARE
) -> float:
    """Jaccard index of the sets of the largest values: shared over all named; at least one each.

    Examples
    --------
    >>> overlap_of_strongest(np.array([1.0, 2, 3, 4]), np.array([4.0, 1, 2, 3]), share=0.5)
    0.3333333333333333
    """
    count = max(1, round(share * len(one)))
    a, b = (set(np.argsort(-values, kind="stable")[:count].tolist()) for values in (one, other))
    return len(a & b) / len(a | b)


def stability(weights: npt.NDArray[np.floating]) -> dict[str, float]:
    """Means over all pairs of repeats; nothing to say of a single one.

    Parameters
    ----------
    weights : (R, K)
        Of each piece of the patch, per repeat.

    Returns
    -------
    dict
        ``rank_correlation`` (-1 to 1), ``overlap_of_strongest`` (0 to 1).
    """
    pairs = list(combinations(weights, 2))
    if not pairs:
        return {}
    return {
        "rank_correlation": float(np.mean([rank_correlation(*pair) for pair in pairs])),
        "overlap_of_strongest": float(np.mean([overlap_of_strongest(*pair) for pair in pairs])),
    }
