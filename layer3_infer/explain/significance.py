"""Whether a concept does better than shuffled copies of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Vector = npt.NDArray[np.float64]

_ROUNDING: Final = 1e-9
"""Two results that differ by less than this share of the largest are equal."""


def p_above(found: float, null: Vector) -> float:
    """Share of shuffled values at least as high as the one found, which counts as one of them.

    Phipson and Smyth 2010, doi:10.2202/1544-6115.1585: never 0. A copy that is the concept itself
    counts, whatever rounding makes of it.
    """
    near = _ROUNDING * max(abs(found), float(np.abs(null).max(initial=0.0)))
    return (1 + int(np.count_nonzero(null >= found - near))) / (1 + len(null))


def p_two_sided(found: float, null: Vector) -> float:
    """Twice the smaller of the shares at least as high, and at least as low; at most 1.

    Wherever the shuffled values have their middle.
    """
    above, below = p_above(found, null), p_above(-found, -null)
    return min(1.0, 2 * min(above, below))


def holm(p_values: Sequence[float]) -> list[float]:
    """Corrected p-values, in the order given; each is the chance of one false finding among all.

    Holm 1979, as in the Scandinavian Journal of Statistics 6:65-70: no assumption about how the
    tests depend on each other.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    count = len(p_values)
    corrected, least = [0.0] * count, 0.0
    for rank, index in enumerate(sorted(range(count), key=p_values.__getitem__)):
        least = max(least, (count - rank) * p_values[index])
        corrected[index] = min(1.0, least)
    return corrected


def permutations_needed(tests: int, level: float) -> int:
    """Shuffled copies without which no two-sided p-value passes Holm's first step.

    Examples
    --------
    >>> permutations_needed(45, 0.05)
    1800
    """
    return int(np.ceil(2 * tests / level - 1e-9))
