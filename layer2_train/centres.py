"""Results centre by centre: a model that is good on the whole may fail where it was never tried."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from layer2_train.metrics import metrics

if TYPE_CHECKING:
    import numpy.typing as npt

    from layer2_train.origins import Origins

RATES: Final = ("auc", "sensitivity", "specificity", "balanced_accuracy")


def by_centre(
    labels: npt.NDArray[np.int8],
    scores: npt.NDArray[np.float32],
    origins: Origins,
    *,
    threshold: float,
    replicates: int,
) -> dict[str, dict[str, Any]]:
    """The rates of each centre that is known, as in `metrics`, by its name.

    Returns
    -------
    dict of name to dict
        ``n``, ``normal``, ``tumor``, ``groups`` and `RATES`; what is undefined, as where a centre
        has one class, is None. Patches of an unknown centre are in none of them.
    """
    return {
        name: _of(labels[own], scores[own], origins.groups[own], threshold, replicates)
        for number, name in enumerate(origins.centre_names)
        if len(own := np.flatnonzero(origins.centres == number))
    }


def _of(
    labels: npt.NDArray[np.int8],
    scores: npt.NDArray[np.float32],
    groups: npt.NDArray[np.int64],
    threshold: float,
    replicates: int,
) -> dict[str, Any]:
    found = metrics(labels, scores, groups, threshold=threshold, replicates=replicates)
    tumor = int((labels == 1).sum())
    return {
        "n": found["n"],
        "normal": found["n"] - tumor,
        "tumor": tumor,
        "groups": found["groups"],
        **{name: found[name] for name in RATES},
    }
