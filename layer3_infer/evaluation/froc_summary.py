"""FROC over the slides compared, in the words of ``evaluation.json``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from layer3_infer.evaluation.bootstrap import estimates
from layer3_infer.evaluation.froc import RATES, Froc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layer3_infer.evaluation.comparison import SlideComparison
    from layer3_infer.evaluation.froc import SlideHits
    from layer3_infer.settings.evaluate import EvaluateSettings

NO_LESION: Final = "no lesion that counts on a slide with detections"


def of_froc(compared: Sequence[SlideComparison], settings: EvaluateSettings) -> dict[str, Any]:
    """The FROC score, the sensitivities it is the mean of, and what they were counted from.

    Slides whose detections cannot be called right or wrong are left out, with the reason.
    """
    used = [(one, one.hits) for one in compared if one.hits is not None]
    froc = Froc([hits for _, hits in used])
    score, *sensitivities = estimates(
        froc.summary,
        [one.group for one, _ in used],
        replicates=settings.replicates,
        seed=settings.seed,
        undefined=NO_LESION,
    )
    at = zip(RATES, sensitivities, strict=True)
    return {
        "score": score,
        "sensitivity": {f"{rate:g}": found for rate, found in at},
        "slides": len(used),
        "lesions": sum(len(hits.found) for _, hits in used),
        "itc": sum(hits.itc for _, hits in used),
        "by_slide": {one.slide_id: _of_slide(hits) for one, hits in used},
        "left_out": {one.slide_id: one.no_hits for one in compared if one.hits is None},
    }


def froc_of(compared: Sequence[SlideComparison]) -> tuple[Froc, np.ndarray]:
    """The FROC of all slides that count, and its counts of 1 each."""
    hits = [one.hits for one in compared if one.hits is not None]
    return Froc(hits), np.ones(len(hits))


def as_csv(compared: Sequence[SlideComparison]) -> str:
    """Every point of the curve, a line each: threshold, false positives per slide, sensitivity."""
    froc, counts = froc_of(compared)
    false_positives, sensitivity = froc.curve(counts)
    rows = zip(froc.thresholds, false_positives[1:], sensitivity[1:], strict=True)
    lines = [f"{threshold:.9g},{alarms:.9g},{share:.9g}\n" for threshold, alarms, share in rows]
    return "threshold,false_positives_per_slide,sensitivity\n" + "".join(lines)


def _of_slide(hits: SlideHits) -> dict[str, int]:
    """Numbers of lesions that count and of those found, and of detections outside and in ITC."""
    return {
        "lesions": len(hits.found),
        "found": int((hits.found > 0).sum()),
        "itc": hits.itc,
        "false_positives": int((hits.false_positives > 0).sum()),
        "in_itc": hits.in_itc,
    }
