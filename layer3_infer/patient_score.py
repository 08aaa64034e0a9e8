"""From slides to patients: the score of a patient is the highest of the slides.

A node decides for the patient, so *the* patient score is the highest score of the slides. Where
the patient of a slide is not known, the slide stands for itself: unknown is never compared.
"""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

from layer3_infer.slide_score import SLIDE_SCORE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from layer3_infer.slide_result import SlideResult


@dataclass(frozen=True)
class PatientScore:
    """One patient, or one slide whose patient is not known.

    Attributes
    ----------
    patient : str
        Empty where not known.
    slides : int
        How many there are.
    scored : int
        How many of them have a score: a slide that failed, or that nothing was analysed on, may
        hide tumour.
    score : float or None
        The highest score of the slides; None where none has one.
    highest_slide : str
        Whose it is, the first by id among equals; empty where none is.
    slides_seen_in_training : int
        Slides the model was trained or chosen on, by themselves or their patient: with one, the
        score flatters.
    slide_ids : str
        All of them, by id, separated by ``; ``.
    """

    patient: str
    slides: int
    scored: int
    score: float | None
    highest_slide: str
    slides_seen_in_training: int
    slide_ids: str


def patient_scores(results: Iterable[SlideResult]) -> list[PatientScore]:
    """One per patient, by name; then one per slide of an unknown patient, by slide id."""
    groups: dict[tuple[bool, str], list[SlideResult]] = {}
    for result in results:
        key = (not result.patient, result.patient or result.slide_id)
        groups.setdefault(key, []).append(result)
    return [_score(groups[key]) for key in sorted(groups)]


def patients_csv(results: Iterable[SlideResult]) -> str:
    """One row per patient score, see `PatientScore`; an empty cell is not known."""
    text = io.StringIO()
    names = [field.name for field in fields(PatientScore)]
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(one) for one in patient_scores(results))
    return text.getvalue()


def _score(results: Sequence[SlideResult]) -> PatientScore:
    by_id = sorted(results, key=lambda result: result.slide_id)
    scored = [(_of(result), result.slide_id) for result in by_id if _of(result) is not None]
    best = max(scored, key=lambda one: one[0] or 0.0) if scored else (None, "")
    return PatientScore(
        patient=by_id[0].patient,
        slides=len(by_id),
        scored=len(scored),
        score=best[0],
        highest_slide=best[1],
        slides_seen_in_training=sum(result.trained_on for result in by_id),
        slide_ids="; ".join(result.slide_id for result in by_id),
    )


def _of(result: SlideResult) -> float | None:
    return getattr(result.scores, SLIDE_SCORE)
