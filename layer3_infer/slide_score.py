"""From a heatmap to numbers about the whole slide.

*The* slide score is `SlideScores.maximum`: one patch of tumour makes a node positive, and a
micrometastasis may be a thousandth of the tissue, which every percentile would lose. The price is
that one false alarm makes a slide score high; the others are there to see that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from layer3_infer.slide_features import slide_features

if TYPE_CHECKING:
    from layer3_infer.heatmap import Heatmap

SLIDE_SCORE: Final = "maximum"
"""The field of `SlideScores` by which slides are ranked."""


@dataclass(frozen=True)
class SlideScores:
    """Numbers about one slide; None where nothing was analysed.

    Attributes
    ----------
    analysed : int
        Patches with an answer.
    maximum, percentile_99, mean : float or None
        Of the probabilities of the patches analysed.
    share_above : float or None
        Share of the patches analysed at or above the threshold.
    area_above_mm2 : float or None, mm2
        Area those patches stand for: the square of the stride each.
    percentile_50, percentile_90, percentile_99_9 : float or None
        Of the probabilities of the patches analysed.
    regions : int or None
        Of patches at or above the threshold that share edges.
    longest_um : float or None, um
        Largest distance between two points of one region; 0 where there is none.
    """

    analysed: int
    maximum: float | None = None
    percentile_99: float | None = None
    mean: float | None = None
    share_above: float | None = None
    area_above_mm2: float | None = None
    percentile_50: float | None = None
    percentile_90: float | None = None
    percentile_99_9: float | None = None
    regions: int | None = None
    longest_um: float | None = None


def slide_scores(heatmap: Heatmap, mpp: float, threshold: float) -> SlideScores:
    """The scores of one slide.

    Parameters
    ----------
    heatmap : Heatmap
    mpp : float, um/px
        Scale of level 0.
    threshold : float
        A patch counts as above when its probability is at least this.
    """
    scores = heatmap.scores.astype(np.float64)
    if not len(scores):
        return SlideScores(analysed=0)
    above = int((scores >= threshold).sum())
    features = slide_features(heatmap, mpp, [threshold])
    return SlideScores(
        analysed=len(scores),
        maximum=features["maximum"],
        percentile_99=features["percentile_99"],
        mean=features["mean"],
        share_above=above / len(scores),
        area_above_mm2=above * (heatmap.grid.stride * mpp / 1000) ** 2,
        percentile_50=features["percentile_50"],
        percentile_90=features["percentile_90"],
        percentile_99_9=features["percentile_99.9"],
        regions=round(features[f"regions_above_{threshold:g}"]),
        longest_um=features[f"longest_um_above_{threshold:g}"],
    )
