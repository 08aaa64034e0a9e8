"""Whether a probability of 0.8 is right eight times in ten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from layer2_train.bootstrap import ratio

if TYPE_CHECKING:
    import numpy.typing as npt

    from layer2_train.bootstrap import Bins, Statistic

BINS: Final = 15
"""Of equal width, as Guo et al. 2017, arXiv:1706.04599."""
EDGES: Final = tuple(number / BINS for number in range(1, BINS))


def statistics(bins: Bins, scores: npt.NDArray[np.float32]) -> dict[str, Statistic]:
    """``ece`` and ``brier`` as functions of counts.

    The expected calibration error is the mean distance, over the 15 bins of equal width of the
    probability of tumour and weighted by their patches, between the mean probability in a bin and
    its share of tumour. The Brier score is the mean squared distance of probability and label.

    Parameters
    ----------
    bins : Bins
        Made with `EDGES` among its cuts.
    scores : (N,) float32
    """
    exact = scores.astype(np.float64)
    mean = bins.mean(exact)
    squared = bins.mean((exact - (bins.labels == 1)) ** 2)
    member = _member(bins)

    def ece(counts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        gap = ((counts * mean).sum(axis=2) - counts[:, :, 1]) @ member
        return ratio(np.abs(gap).sum(axis=1), counts.sum(axis=(1, 2)))

    def brier(counts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return ratio((counts * squared).sum(axis=(1, 2)), counts.sum(axis=(1, 2)))

    return {"ece": ece, "brier": brier}


def reliability(bins: Bins, scores: npt.NDArray[np.float32]) -> list[dict[str, Any]]:
    """The bins behind the error: ``low``, ``high``, ``n``, mean ``score``, share of ``tumor``.

    Mean and share are None in an empty bin.
    """
    member = _member(bins)
    counts = member.T @ bins.total()
    sums = member.T @ bins.total(scores.astype(np.float64)).sum(axis=1)
    return [
        {
            "low": number / BINS,
            "high": (number + 1) / BINS,
            "n": int(own.sum()),
            "score": float(total / own.sum()) if own.sum() else None,
            "tumor": float(own[1] / own.sum()) if own.sum() else None,
        }
        for number, (own, total) in enumerate(zip(counts, sums, strict=True))
    ]


def _member(bins: Bins) -> npt.NDArray[np.float64]:
    """Which of the 15 bins each fine bin is part of, (B, 15) of 0 and 1."""
    lowest = np.concatenate([[0.0], bins.edges])
    return np.eye(BINS)[np.searchsorted(EDGES, lowest, side="right")]
