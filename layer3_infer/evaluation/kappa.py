"""Agreement between two readers over ordered classes: Cohen's kappa with quadratic weights.

Being wrong by two classes is four times as bad as by one. CAMELYON17 ranks by it over the five
stages of patients.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt


def confusion(
    truth: Sequence[str],
    predicted: Sequence[str],
    classes: Sequence[str],
    counts: npt.NDArray[np.float64] | None = None,
) -> npt.NDArray[np.float64]:
    """How often each class of the truth (row) was given each class (column).

    Parameters
    ----------
    truth, predicted : sequence of str
        One of `classes` each, of the same length.
    classes : sequence of str
        From least to most.
    counts : (N,) float64 or None
        How often each pair counts; None counts each once.

    Returns
    -------
    (K, K) float64
    """
    size = len(classes)
    pairs = zip(truth, predicted, strict=True)
    cells = np.array([classes.index(t) * size + classes.index(p) for t, p in pairs], dtype=np.intp)
    weights = np.ones(len(cells)) if counts is None else counts
    return np.bincount(cells, weights, minlength=size**2).astype(np.float64).reshape(size, size)


def quadratic_kappa(table: npt.NDArray[np.float64]) -> float:
    """Kappa of a table of `confusion`: 1 for full agreement, 0 for that of chance.

    Returns
    -------
    float
        NaN where chance alone would always agree: no pair, or one class throughout.

    Examples
    --------
    >>> quadratic_kappa(np.array([[1.0, 1.0], [0.0, 2.0]]))
    0.5
    """
    places = np.arange(len(table))
    weights = np.square(places[:, None] - places)
    by_chance = (weights * np.outer(table.sum(axis=1), table.sum(axis=0))).sum()
    if by_chance == 0:
        return float("nan")
    return float(1 - (weights * table).sum() * table.sum() / by_chance)
