"""FROC as CAMELYON16 computes it: the share of lesions found, against false alarms per slide.

The rules, of the challenge's own evaluation program:

* Lesions are those of `layer3_infer.evaluation.lesions`. One whose major axis is under 275 um
  after growing (200 um and 37.5 um on each side) is isolated tumour cells and left out: a detection
  in it is neither right nor wrong.
* A lesion's score is the highest probability of the detections in it; others in it are not
  counted. Every detection outside lesions is a false positive.
* At each distinct probability of a false positive or of a lesion, those at or above it count:
  false positives over the number of slides, with tumour or without, and lesions found over all.
* Sensitivity at 1/4, 1/2, 1, 2, 4 and 8 false positives per slide is interpolated along straight
  lines between those points, from (0, 0), and stays what it is beyond the last: a detector that
  never makes 8 false positives per slide is given its last sensitivity there. The FROC score is
  the mean of the six.

The program drops the lowest of all probabilities, which is the 0 it writes for a lesion that was
missed or left out. Where there is no such lesion it so drops a true threshold, and calls a detector
that is right everywhere with one probability 0. Here only 0 is dropped; everything else is equal.
A slide counts when its detections were given, even if there are none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from layer3_infer.evaluation.detections import Detections
    from layer3_infer.evaluation.lesions import Lesion

ITC_MAJOR_AXIS_UM: Final = 275.0
RATES: Final = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""False positives per slide at which sensitivity is read."""


@dataclass(frozen=True, eq=False)
class SlideHits:
    """What the detections of one slide hit.

    Attributes
    ----------
    false_positives : (F,) float64
        Probability of each detection outside lesions.
    found : (L,) float64
        Of each lesion that counts, the highest probability of its detections; 0 where it has none.
    itc : int
        Lesions left out.
    in_itc : int
        Detections in those.
    """

    false_positives: npt.NDArray[np.float64]
    found: npt.NDArray[np.float64]
    itc: int = 0
    in_itc: int = 0


def hits_of(detections: Detections, lesions: Sequence[Lesion]) -> SlideHits:
    """Compare the detections of a slide with its lesions; a point on an outline is inside."""
    count = len(lesions)
    counts = np.array([lesion.major_axis_um >= ITC_MAJOR_AXIS_UM for lesion in lesions], dtype=bool)
    tree = shapely.STRtree([lesion.area for lesion in lesions])
    which, lesion = tree.query(shapely.points(detections.xy), predicate="intersects")
    best = np.zeros(count)
    np.maximum.at(best, lesion, detections.probability[which])
    outside = np.ones(len(detections.probability), dtype=bool)
    outside[which] = False
    return SlideHits(
        false_positives=detections.probability[outside],
        found=best[counts],
        itc=int((~counts).sum()),
        in_itc=len(np.unique(which[~counts[lesion]])),
    )


class Froc:
    """The FROC of several slides, sorted once, for slides that count any number of times.

    Parameters
    ----------
    slides : sequence of SlideHits

    Attributes
    ----------
    thresholds : (K,) float64
        Distinct probabilities above 0, highest first.
    """

    def __init__(self, slides: Sequence[SlideHits]) -> None:
        numbers = np.arange(len(slides))
        self._lesions = np.array([len(one.found) for one in slides], dtype=np.float64)
        false = np.concatenate([np.empty(0), *(one.false_positives for one in slides)])
        true = np.concatenate([np.empty(0), *(one.found for one in slides)])
        self._false_slide = np.repeat(numbers, [len(one.false_positives) for one in slides])
        self._true_slide = np.repeat(numbers, [len(one.found) for one in slides])
        self.thresholds = np.unique(np.concatenate([false, true]))[::-1]
        self.thresholds = self.thresholds[self.thresholds > 0]
        ascending = self.thresholds[::-1]
        last = len(ascending)
        self._false_rank = last - np.searchsorted(ascending, false, side="right")
        self._true_rank = last - np.searchsorted(ascending, true, side="right")

    def curve(
        self, counts: npt.NDArray[np.float64]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Mean false positives per slide and sensitivity, from (0, 0) on, at each threshold.

        Parameters
        ----------
        counts : (N,) float64
            How often each slide counts.

        Returns
        -------
        false_positives, sensitivity : (K + 1,) float64
            NaN where there is no slide, or no lesion.
        """
        false = self._at_or_above(self._false_rank, counts[self._false_slide])
        true = self._at_or_above(self._true_rank, counts[self._true_slide])
        with np.errstate(invalid="ignore"):
            return false / counts.sum(), true / (counts @ self._lesions)

    def summary(self, counts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The FROC score, then the sensitivity at each of `RATES`, (7,) float64."""
        false_positives, sensitivity = self.curve(counts)
        at = np.interp(RATES, false_positives, sensitivity)
        return np.concatenate([[at.mean()], at])

    def _at_or_above(
        self, rank: npt.NDArray[np.intp], weights: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float64]:
        """Sum of `weights` up to each rank; probabilities of 0 have the last, and are left out."""
        count = len(self.thresholds)
        sums = np.bincount(rank, weights, minlength=count + 1)[:count]
        return np.concatenate([[0.0], np.cumsum(sums)])
