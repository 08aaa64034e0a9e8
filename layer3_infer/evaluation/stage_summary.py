"""Stages of the patients compared, in the words of ``evaluation.json``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from layer3_infer.evaluation.lesion_summary import agreement
from layer3_infer.evaluation.lesions import CLASSES
from layer3_infer.evaluation.staging import NODES, STAGES, stage_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from common.cohort import SlideEntry
    from layer3_infer.evaluation.comparison import SlideComparison
    from layer3_infer.settings.evaluate import EvaluateSettings

SEEN: Final = "the model was trained or chosen on a slide of it"
SILENT: Final = "nothing is said of its slides"
UNKNOWN: Final = "nothing is known of it"


def of_stages(
    entries: Collection[SlideEntry],
    compared: Sequence[SlideComparison],
    given: Mapping[str, str],
    settings: EvaluateSettings,
    seen: Collection[str] = (),
) -> dict[str, Any]:
    """How the stage said of each patient agrees with the one known.

    A patient is staged from all slides the cohort has of it, and left out where the class of one is
    not known, or not said. Slides whose patient is not known are named.

    Parameters
    ----------
    entries : collection of SlideEntry
        The cohort.
    compared : sequence of SlideComparison
    given : mapping of str to str
        Stages that a table says, by patient; they go before those of the slides' classes.
    settings : EvaluateSettings
    seen : collection of str
        Patients to leave out: the model was trained or chosen on slides of them.
    """
    by_slide = {one.slide_id: one for one in compared}
    staged: dict[str, dict[str, Any]] = {}
    left_out: dict[str, str] = {}
    for patient, slides in sorted(_by_patient(entries).items()):
        why = SEEN if patient in seen else _why_not(patient, slides, by_slide, given, settings)
        if why:
            left_out[patient] = why
        else:
            staged[patient] = _staged(patient, slides, by_slide, given)
    of_nobody = sorted(entry.slide_id for entry in entries if not entry.patient)
    unknown = set(given) - set(staged) - set(left_out)
    why = UNKNOWN + (f"; no patient is known of {len(of_nobody)} slides" if of_nobody else "")
    left_out |= dict.fromkeys(sorted(unknown), why)
    known = [one["known"] for one in staged.values()]
    said = [one["said"] for one in staged.values()]
    return {
        **agreement(known, said, STAGES, list(staged), settings),
        "by_patient": staged,
        "not_five_slides": [name for name, one in staged.items() if one["slides"] != NODES],
        "left_out": left_out,
        "without_patient": of_nobody,
    }


def _by_patient(entries: Iterable[SlideEntry]) -> dict[str, list[SlideEntry]]:
    """Slides whose patient is known, by patient."""
    found: dict[str, list[SlideEntry]] = {}
    for entry in entries:
        if entry.patient:
            found.setdefault(entry.patient, []).append(entry)
    return found


def _why_not(
    patient: str,
    slides: Sequence[SlideEntry],
    by_slide: Mapping[str, SlideComparison],
    given: Mapping[str, str],
    settings: EvaluateSettings,
) -> str:
    """Why a patient cannot be staged; empty where it can."""
    if patient not in given and not any(entry.slide_id in by_slide for entry in slides):
        return SILENT
    if len(slides) < settings.slides_min:
        return f"{len(slides)} slides, of at least {settings.slides_min}"
    for entry in slides:
        if _known_class(entry, by_slide) is None:
            return f"the class of {entry.slide_id} is not known"
        one = by_slide.get(entry.slide_id)
        if patient not in given and (one is None or one.said_class is None):
            return f"no class is said of {entry.slide_id}"
    return ""


def _staged(
    patient: str,
    slides: Sequence[SlideEntry],
    by_slide: Mapping[str, SlideComparison],
    given: Mapping[str, str],
) -> dict[str, Any]:
    known = [_known_class(entry, by_slide) or "" for entry in slides]
    said = given.get(patient)
    if said is None:
        said = stage_of([by_slide[entry.slide_id].said_class or "" for entry in slides])
    return {"known": stage_of(known), "said": said, "slides": len(slides)}


def _known_class(entry: SlideEntry, by_slide: Mapping[str, SlideComparison]) -> str | None:
    """The class of a slide; of one that nothing is said of, its label alone is looked at."""
    one = by_slide.get(entry.slide_id)
    if one is not None:
        return one.known_class
    return entry.slide_label if entry.slide_label in CLASSES else None
