"""The class of each slide, as the cohort knows it, and which classes have enough patients."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from common.cohort.exceptions import RELABELLED, exception_of
from common.errors import ConfigError
from common.truth import truth_of
from layer3_infer.slide_model.model import NEGATIVE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from common.cohort import SlideEntry
    from layer3_infer.config import SlideModelSettings

POSITIVE: Final = "positive"
STAGES: Final = (NEGATIVE, "itc", "micro", "macro")
BINARY: Final = (NEGATIVE, POSITIVE)


def known_class(entry: SlideEntry, *, exceptions: bool) -> tuple[str, str]:
    """The class of a slide, one of `STAGES` or ``positive``, and why there is none.

    Its label decides; where it has none, whether tumour is annotated.

    Parameters
    ----------
    entry : SlideEntry
    exceptions : bool
        Whether what is known to be wrong with CAMELYON's slides is heeded.

    Returns
    -------
    name, reason : str
        One of them is empty.

    Raises
    ------
    SlideError
        If its annotation is needed and cannot be read.
    """
    labelled = replace(entry, annotation=None) if entry.slide_label else entry
    truth = truth_of(labelled, exceptions=exceptions)
    if truth.excluded:
        return "", truth.excluded
    if truth.positive is None:
        return "", truth.reason or "neither slide_label nor annotation says what it is"
    if not truth.positive:
        return NEGATIVE, ""
    known = exception_of(entry.slide_id) if exceptions else None
    corrected = known.slide_label if known and known.what == RELABELLED else entry.slide_label
    return corrected or POSITIVE, ""


def choose_classes(
    known: Sequence[str], patients: Sequence[str], settings: SlideModelSettings
) -> tuple[str, ...]:
    """The classes to tell apart: `STAGES` or `BINARY`.

    Parameters
    ----------
    known : sequence of str
        Class of each slide, as `known_class` names it.
    patients : sequence of str
        Whose it is.
    settings : SlideModelSettings

    Raises
    ------
    ConfigError
        If there are too few patients of a class, or slides of no stage where stages are wanted.
    """
    stages = _lacking(known, patients, STAGES, settings.folds)
    if settings.classes == "stages" or (settings.classes == "auto" and not stages):
        _refuse(stages, settings, "or set classes to binary")
        return STAGES
    binary = [class_of(name, BINARY) for name in known]
    _refuse(_lacking(binary, patients, BINARY, settings.folds), settings, "or fewer folds")
    return BINARY


def class_of(name: str, classes: Sequence[str]) -> str:
    """A slide's class among those told apart: without stages, tumour is positive."""
    return name if name in classes else POSITIVE


def _lacking(
    known: Sequence[str], patients: Sequence[str], classes: Sequence[str], least: int
) -> Mapping[str, str]:
    """What stands against these classes: by class, what was found of it."""
    groups = {name: set[str]() for name in classes}
    others = 0
    for name, patient in zip(known, patients, strict=True):
        others += name not in groups
        groups.setdefault(name, set()).add(patient)
    lacking = {
        name: f"slides of {len(groups[name])} patients"
        for name in classes
        if len(groups[name]) < least
    }
    if others:
        lacking["positive without a stage"] = f"{others} slides"
    return lacking


def _refuse(lacking: Mapping[str, str], settings: SlideModelSettings, otherwise: str) -> None:
    if lacking:
        found = "; ".join(f"{name}: {what}" for name, what in lacking.items())
        raise ConfigError(
            f"slides to train on: expected slides of at least {settings.folds} patients of each "
            f"class, as many as folds, found {found}. Give results of more slides, {otherwise}"
        )
