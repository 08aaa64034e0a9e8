"""How good answers are, with intervals that respect where the patches come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from common.roc import auc_interval, interval

if TYPE_CHECKING:
    import numpy.typing as npt

_LEAST: Final = 1e-7


def metrics(
    labels: npt.NDArray[np.int8],
    scores: npt.NDArray[np.float32],
    groups: npt.NDArray[Any],
    *,
    threshold: float,
    replicates: int,
) -> dict[str, Any]:
    """What `metrics.json` says about one split.

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
        ``n``; ``auc``, ``accuracy``, ``sensitivity`` and ``specificity``, each with ``value``,
        ``low`` and ``high``, None where undefined; ``confusion``, ``threshold``, ``groups``.
    """
    tumor = labels == 1
    called = scores >= threshold
    right = called == tumor
    among = {"accuracy": np.ones_like(tumor), "sensitivity": tumor, "specificity": ~tumor}
    return {
        "n": len(labels),
        "auc": auc_interval(labels, scores, groups, replicates=replicates),
        **{
            name: _share_interval(right, asked, groups, replicates) for name, asked in among.items()
        },
        "confusion": {
            "true_positive": int((called & tumor).sum()),
            "false_positive": int((called & ~tumor).sum()),
            "true_negative": int((~called & ~tumor).sum()),
            "false_negative": int((~called & tumor).sum()),
        },
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


def _share_interval(
    right: npt.NDArray[np.bool_],
    among: npt.NDArray[np.bool_],
    groups: npt.NDArray[Any],
    replicates: int,
) -> dict[str, float | None]:
    """Share of the patches in `among` that are right."""
    hits = (right & among).astype(np.float64)
    asked = among.astype(np.float64)

    def share(counts: npt.NDArray[np.float64]) -> float:
        total = float(counts @ asked)
        return float(counts @ hits) / total if total else float("nan")

    return interval(share, groups, replicates=replicates)
