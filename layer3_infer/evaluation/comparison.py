"""One slide: what is said of it, beside what is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from common.errors import SlideError
from common.openslide_slide import OpenSlideSlide
from layer3_infer.evaluation.detections import Detections, find_detections
from layer3_infer.evaluation.froc import SlideHits, hits_of
from layer3_infer.evaluation.lesions import (
    CLASSES,
    NEGATIVE,
    Lesion,
    extents_um,
    find_lesions,
    slide_class,
)
from layer3_infer.regions import find_regions

if TYPE_CHECKING:
    import numpy.typing as npt

    from common.cohort import SlideEntry
    from common.truth import Truth
    from layer3_infer.evaluation.answers import Answers
    from layer3_infer.heatmap import Heatmap
    from layer3_infer.heatmap_file import HeatmapFile
    from layer3_infer.settings.evaluate import EvaluateSettings


@dataclass(frozen=True, eq=False)
class PatchComparison:
    """Patches of one slide.

    Attributes
    ----------
    labels : (N,) int8
        1 tumour, 0 normal; of the patches whose label is known.
    scores : (N,) float32
    left_out : int
        Patches analysed that are neither.
    """

    labels: npt.NDArray[np.int8]
    scores: npt.NDArray[np.float32]
    left_out: int = 0


@dataclass(frozen=True, eq=False)
class SlideComparison:
    """One slide, compared with what is known of it.

    Attributes
    ----------
    slide_id : str
    patient : str
        Empty where not known.
    positive : bool or None
    score : float or None
        The slide score.
    patches : PatchComparison or None
        None where there is no heatmap.
    annotated : list of Lesion, or None
        The known lesions; None where they are not known.
    found : list of float, or None, um
        Extents of the lesions of the heatmap; None where there is no heatmap.
    detections : Detections or None
        None where none were asked for.
    hits : SlideHits or None
        What the detections hit; None where it cannot be said.
    no_hits : str
        Why not.
    known_class, said_class : str or None
        Of `layer3_infer.evaluation.lesions.CLASSES`; None where not known, or not said.
    """

    slide_id: str
    patient: str = ""
    positive: bool | None = None
    score: float | None = None
    patches: PatchComparison | None = None
    annotated: list[Lesion] | None = None
    found: list[float] | None = None
    detections: Detections | None = None
    hits: SlideHits | None = None
    no_hits: str = ""
    known_class: str | None = None
    said_class: str | None = None

    @property
    def group(self) -> str:
        """What is drawn together: its patient, or the slide itself where that is not known."""
        return f"patient {self.patient}" if self.patient else f"slide {self.slide_id}"


def compare(
    entry: SlideEntry, truth: Truth, answers: Answers, settings: EvaluateSettings
) -> SlideComparison:
    """Compare everything said of a slide with what is known of it.

    Parameters
    ----------
    entry : SlideEntry
        With its patient, if anybody knows it.
    truth : Truth
    answers : Answers
    settings : EvaluateSettings

    Raises
    ------
    ContractError
        If its heatmap or its table of detections cannot be read.
    """
    slide_id = entry.slide_id
    made = answers.heatmap_of(slide_id)
    mpp = made.header.level0_mpp if made is not None else _mpp_of(entry)
    annotated = _annotated(truth, mpp)
    found = None if made is None else _found(made, answers.threshold(settings.threshold))
    detections = _detections(answers, made, slide_id, settings)
    no_hits = _no_hits(truth, annotated, detections)
    hits = None
    if not no_hits and annotated is not None and detections is not None:
        hits = hits_of(detections, annotated)
    return SlideComparison(
        slide_id=slide_id,
        patient=entry.patient,
        positive=truth.positive,
        score=answers.score_of(slide_id),
        patches=None if made is None else _patches(truth, made.heatmap, settings),
        annotated=annotated,
        found=found,
        detections=detections,
        hits=hits,
        no_hits=no_hits,
        known_class=known_class(entry, truth, annotated),
        said_class=_said_class(answers, slide_id, found),
    )


def known_class(entry: SlideEntry, truth: Truth, annotated: list[Lesion] | None) -> str | None:
    """The class of a slide: its label's, or that of its largest annotated lesion.

    None where it has tumour whose size nobody says.
    """
    if truth.positive is False:
        return NEGATIVE
    if truth.positive and entry.slide_label in CLASSES[1:]:
        return entry.slide_label
    if not annotated or not truth.exhaustive:
        return None
    return slide_class(lesion.extent_um for lesion in annotated)


def _patches(truth: Truth, heatmap: Heatmap, settings: EvaluateSettings) -> PatchComparison:
    fraction = truth.fraction(heatmap.xy, heatmap.grid.edge)
    labels = np.full(len(fraction), -1, dtype=np.int8)
    labels[fraction <= settings.normal_max] = 0
    labels[fraction >= settings.tumor_min] = 1
    known = labels >= 0
    left_out = int((~known & ~np.isnan(fraction)).sum())
    return PatchComparison(labels[known], heatmap.scores[known], left_out)


def _annotated(truth: Truth, mpp: float | None) -> list[Lesion] | None:
    """The known lesions; None where they are not known, or their size is not."""
    if truth.positive is False:
        return []
    if truth.regions is None or mpp is None:
        return None
    return find_lesions(truth.regions.tumor, mpp)


def _found(made: HeatmapFile, threshold: float) -> list[float]:
    """Extents of the lesions of a heatmap, um."""
    mpp = made.header.level0_mpp
    regions = find_regions(made.heatmap, mpp, threshold)
    return extents_um([region.polygon for region in regions], mpp)


def _detections(
    answers: Answers, made: HeatmapFile | None, slide_id: str, settings: EvaluateSettings
) -> Detections | None:
    if answers.detections is not None:
        return answers.detections_of(slide_id)
    if made is None:
        return None
    radius, least = settings.detection_radius_um, settings.detection_min
    return find_detections(made.heatmap, made.header.level0_mpp, radius, least)


def _no_hits(truth: Truth, annotated: list[Lesion] | None, detections: Detections | None) -> str:
    """Why detections of a slide cannot be called right or wrong; empty where they can."""
    if detections is None:
        return "no detections of it were given"
    if not truth.exhaustive:
        return "its annotations are not exhaustive: a detection outside them may be right"
    if truth.excluded:
        return truth.excluded
    if annotated is not None:
        return ""
    if truth.regions is None:
        return truth.reason or "it has tumour, and no annotation says where"
    return "its scale is not known: bring the slide, or give mpp in the cohort CSV, or --mpp"


def _said_class(answers: Answers, slide_id: str, found: list[float] | None) -> str | None:
    if answers.stages is not None:
        return answers.stages.slides.get(slide_id)
    return None if found is None else slide_class(found)


def _mpp_of(entry: SlideEntry) -> float | None:
    """Scale of level 0, um/px; None where neither the cohort nor the slide says it."""
    if entry.mpp is not None or entry.path == entry.annotation:
        return entry.mpp or entry.fallback_mpp
    try:
        return OpenSlideSlide.of(entry).pyramid.mpp
    except SlideError:
        return entry.fallback_mpp
