"""How good answers are, with intervals that respect where the patches come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from common.roc import auc
from layer2_train import calibration
from layer2_train.bootstrap import intervals, moved, ratio, sort_into_bins

if TYPE_CHECKING:
    import numpy.typing as npt

    from layer2_train.bootstrap import Bins, Statistic

RATES: Final = ("auc", "accuracy", "sensitivity", "specificity", "balanced_accuracy")
_LEAST: Final = 1e-7


def metrics(
    labels: npt.NDArray[np.int8],
    scores: npt.NDArray[np.float32],
    groups: npt.NDArray[Any],
    *,
    threshold: float,
    replicates: int,
) -> dict[str, Any]:
    """What `metrics.json` says about some patches.

    Parameters
    ----------
    labels : (N,) int8
        1 tumour, 0 normal.
    scores : (N,) float32
        Probability of tumour.
    groups : (N,) of anything
        Patches of equal group, such as a patient, are resampled together.
    threshold : float
        A patch is called tumour from this score on.
    replicates : int
        Resamples behind each 95 % interval.

    Returns
    -------
    dict
        ``n``; ``auc``, ``accuracy``, ``sensitivity``, ``specificity`` and ``balanced_accuracy``,
        each with ``value``, ``low`` and ``high``, None where undefined; ``calibration`` with
        ``ece`` and ``brier`` of the same form, and ``bins``; ``confusion``, ``threshold``,
        ``groups``.
    """
    cut = float(np.float32(threshold))  # scores have no more digits
    bins = sort_into_bins(labels, scores, groups, (cut, *calibration.EDGES))
    found = intervals(
        bins,
        groups,
        {**_rates(bins, cut), **calibration.statistics(bins, scores)},
        replicates=replicates,
    )
    found["auc"] = moved(found["auc"], auc(labels, scores))
    return {
        "n": len(labels),
        **{name: found[name] for name in RATES},
        "calibration": {
            "ece": found["ece"],
            "brier": found["brier"],
            "bins": calibration.reliability(bins, scores),
        },
        "confusion": _confusion(bins, cut),
        "threshold": threshold,
        "groups": len(np.unique(groups)),
    }


def log_loss(labels: npt.NDArray[np.int8], scores: npt.NDArray[np.float32]) -> float:
    """Mean binary cross-entropy, natural logarithm.

    Examples
    --------
    >>> round(log_loss(np.array([1, 0]), np.array([0.5, 0.5])), 3)
    0.693
    """
    likely = np.where(labels == 1, scores.astype(np.float64), 1 - scores.astype(np.float64))
    return float(-np.log(np.clip(likely, _LEAST, 1)).mean())


def _rates(bins: Bins, cut: float) -> dict[str, Statistic]:
    """The rates as functions of counts (R, B, 2)."""
    called = bins.from_edge(cut)

    def area(counts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        normal, tumor = counts[:, :, 0], counts[:, :, 1]
        below = np.cumsum(normal, axis=1) - normal / 2
        return ratio((tumor * below).sum(axis=1), normal.sum(axis=1) * tumor.sum(axis=1))

    def sensitivity(counts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return ratio(counts[:, called, 1].sum(axis=1), counts[:, :, 1].sum(axis=1))

    def specificity(counts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return ratio(counts[:, ~called, 0].sum(axis=1), counts[:, :, 0].sum(axis=1))

    def accuracy(counts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        right = counts[:, called, 1].sum(axis=1) + counts[:, ~called, 0].sum(axis=1)
        return ratio(right, counts.sum(axis=(1, 2)))

    def balanced(counts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return (sensitivity(counts) + specificity(counts)) / 2

    return dict(zip(RATES, (area, accuracy, sensitivity, specificity, balanced), strict=True))


def _confusion(bins: Bins, cut: float) -> dict[str, int]:
    called = bins.from_edge(cut)
    counts = bins.total()
    return {
        "true_positive": int(counts[called, 1].sum()),
        "false_positive": int(counts[called, 0].sum()),
        "true_negative": int(counts[~called, 0].sum()),
        "false_negative": int(counts[~called, 1].sum()),
    }
