"""Folders of results and a cohort to a slide model."""

from __future__ import annotations

import json
import logging
from collections import Counter
from dataclasses import replace
from enum import Enum
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from common.errors import ConfigError, ContractError
from common.model_bundle import HALF, SeenPatients
from common.progress import progress
from common.provenance import software
from layer3_infer.known_slides import read_entries
from layer3_infer.results_folder import ResultsFolder
from layer3_infer.slide_model.fitting import cross_validate, fit
from layer3_infer.slide_model.known_class import choose_classes, class_of, known_class
from layer3_infer.slide_model.model_file import SlideModelFile, write_slide_model
from layer3_infer.slide_model.slides import MeasuredSlide, NotMeasured, measured_slides

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from common.cohort import SlideEntry
    from layer3_infer.config import SlideModelSettings

Known: TypeAlias = tuple[MeasuredSlide, str]
"""A slide, and its class."""

log = logging.getLogger(__name__)


class Seen(Enum):
    """What becomes of slides the model of patches was trained or chosen on.

    Their heatmaps are better than those of any slide to come.
    """

    REFUSE = "refuse"
    LEAVE_OUT = "leave out"
    ALLOW = "allow"

    @classmethod
    def of(cls, *, held_out: bool, allow_seen: bool) -> Seen:
        """As the command line says it.

        Raises
        ------
        ConfigError
            If it says both.
        """
        if held_out and allow_seen:
            raise ConfigError("--held-out, --allow-seen: expected one of them, found both")
        if allow_seen:
            return cls.ALLOW
        return cls.LEAVE_OUT if held_out else cls.REFUSE


def train_slide_model(
    folders: Sequence[Path],
    source: Path,
    out: Path,
    settings: SlideModelSettings,
    *,
    seen: Seen = Seen.REFUSE,
    overwrite: bool = False,
) -> tuple[SlideModelFile, dict[str, str]]:
    """Train on every slide whose class is known, and write the slide model.

    Parameters
    ----------
    folders : sequence of Path
        Written by ``layer3-infer heatmap``, with one model and the same settings.
    source : Path
        What is known: see `layer3_infer.known_slides.read_entries`.
    out : Path
        The file to write.
    settings : SlideModelSettings
    seen : Seen
    overwrite : bool
        Whether a file there may be replaced.

    Returns
    -------
    model : SlideModelFile
    left_out : dict of slide_id to str
        Why slides with results were not trained on.

    Raises
    ------
    ConfigError
        If slides were seen in training, have heatmaps made for other patients, differ in how these
        were made, are there twice, or are too few; or there is a file already.
    ContractError
        If a heatmap cannot be read.
    """
    if out.exists() and not overwrite:
        raise ConfigError(f"{out}: expected nothing there, found a file. Give --overwrite")
    thresholds = _thresholds(folders, settings)
    measured, left_out = _measured(folders, thresholds)
    entries = read_entries(source)
    known = _with_classes(measured, entries, settings, left_out)
    known = _without_seen(known, seen, left_out)
    known = _without_other_patients(known, entries, seen, left_out)
    slides = [slide for slide, _ in known]
    _refuse_mixtures(slides)
    classes = choose_classes([name for _, name in known], [s.patient for s in slides], settings)
    names = [class_of(name, classes) for _, name in known]
    made = _fitted(slides, names, classes, thresholds, settings)
    return write_slide_model(out, made), left_out


def _thresholds(folders: Iterable[Path], settings: SlideModelSettings) -> tuple[float, ...]:
    """Those of the settings, and that of the model; rounded, because features bear their names."""
    own = {_own_threshold(folder) for folder in folders}
    return tuple(sorted({round(value, 4) for value in (*settings.thresholds, *own)}))


def _own_threshold(folder: Path) -> float:
    path = ResultsFolder(folder).model
    try:
        return float(json.loads(path.read_text(encoding="utf-8")).get("threshold", HALF))
    except (OSError, ValueError, AttributeError, TypeError) as error:
        advice = "Give a folder that layer3-infer heatmap wrote"
        raise ContractError(path, "threshold", "a number", str(error), advice) from error


def _measured(
    folders: Sequence[Path], thresholds: Sequence[float]
) -> tuple[list[MeasuredSlide], dict[str, str]]:
    """Slides with features, and why others have none."""
    left_out: dict[str, str] = {}
    measured: list[MeasuredSlide] = []
    found = chain.from_iterable(measured_slides(folder, thresholds) for folder in folders)
    for one in progress(found, "measuring"):
        if isinstance(one, NotMeasured):
            if one.error is not None:
                raise one.error
            left_out[one.result.slide_id] = one.reason
        elif not one.analysed:
            left_out[one.result.slide_id] = f"nothing was analysed: {one.result.reason}"
        else:
            measured.append(one)
    return measured, left_out


def _with_classes(
    measured: Iterable[MeasuredSlide],
    entries: Mapping[str, SlideEntry],
    settings: SlideModelSettings,
    left_out: dict[str, str],
) -> list[Known]:
    """Slides whose class is known, with it; adds to `left_out`."""
    known: list[Known] = []
    for slide in measured:
        slide_id = slide.result.slide_id
        entry = entries.get(slide_id)
        if entry is None:
            left_out[slide_id] = "nothing is known of it"
            continue
        name, reason = known_class(entry, exceptions=settings.camelyon_exceptions)
        if reason:
            left_out[slide_id] = reason
        else:
            known.append((slide, name))
    return known


def _without_seen(known: list[Known], seen: Seen, left_out: dict[str, str]) -> list[Known]:
    trained_on = [slide.result.slide_id for slide, _ in known if slide.result.trained_on]
    if not trained_on:
        return known
    names = ", ".join(trained_on)
    if seen is Seen.REFUSE:
        raise ConfigError(
            f"slides to train on: expected slides the model of patches was not trained on, found "
            f"{names}. Their heatmaps are better than those of slides to come. Give --held-out to "
            "leave them out, or --allow-seen"
        )
    if seen is Seen.ALLOW:
        log.warning("heatmaps are flattering: the model of patches was trained on %s", names)
        return known
    left_out |= dict.fromkeys(trained_on, "the model of patches was trained on it")
    return [(slide, name) for slide, name in known if not slide.result.trained_on]


def _without_other_patients(
    known: list[Known], entries: Mapping[str, SlideEntry], seen: Seen, left_out: dict[str, str]
) -> list[Known]:
    """Slides whose heatmap was made for the patient that is known now; with that patient.

    A heatmap says whether the model of patches has met the patient it was made for, not whether it
    has met another. What is left with `Seen.ALLOW` has the patient that is known now.
    """
    told = {slide.result.slide_id: entries[slide.result.slide_id].patient for slide, _ in known}
    others = {
        slide.result.slide_id: f"its heatmap was made for {_called(slide.result.patient)}, not for "
        f"{_called(told[slide.result.slide_id])}: whether the model of patches has met that "
        "patient is not known"
        for slide, _ in known
        if told[slide.result.slide_id] not in ("", slide.result.patient)
    }
    if others and seen is Seen.REFUSE:
        first = next(iter(others))
        raise ConfigError(
            f"slides to train on: expected heatmaps made for the patients of --annotations, found "
            f"others': {', '.join(others)}. {first}: {others[first]}. Make the heatmaps anew from "
            "the cohort that names patients, or give --held-out to leave these slides out, or "
            "--allow-seen"
        )
    if seen is Seen.LEAVE_OUT:
        left_out |= others
        return [one for one in known if one[0].result.slide_id not in others]
    if others:
        log.warning(
            "heatmaps may be flattering: the model of patches may have met the patients of %s",
            ", ".join(others),
        )
    return [(_of_patient(slide, told[slide.result.slide_id]), name) for slide, name in known]


def _of_patient(slide: MeasuredSlide, patient: str) -> MeasuredSlide:
    return replace(slide, result=replace(slide.result, patient=patient or slide.result.patient))


def _called(patient: str) -> str:
    return f"patient {patient!r}" if patient else "no known patient"


def _refuse_mixtures(slides: Sequence[MeasuredSlide]) -> None:
    """Refuse one slide given twice, and heatmaps that were made in different ways."""
    known: dict[str, MeasuredSlide] = {}
    for slide in slides:
        for key in (slide.result.slide_id, slide.fingerprint):
            twin = known.setdefault(key, slide)
            if twin is not slide:
                raise ConfigError(
                    f"{slide.folder}: {slide.result.slide_id}: expected each slide once, found it "
                    f"in {twin.folder} as {twin.result.slide_id} too. Give one of them"
                )
        differing = slides[0].kind.differences(slide.kind, max(slide.mpp, slides[0].mpp))
        if differing:
            raise ConfigError(
                f"{slide.folder}: {slide.result.slide_id}: expected heatmaps made like those in "
                f"{slides[0].folder}, found {'; '.join(differing)}. Make them anew"
            )


def _fitted(
    slides: Sequence[MeasuredSlide],
    names: Sequence[str],
    classes: tuple[str, ...],
    thresholds: tuple[float, ...],
    settings: SlideModelSettings,
) -> SlideModelFile:
    features = [slide.features for slide in slides]
    labels = np.array([classes.index(name) for name in names], dtype=np.intp)
    patients = np.array([slide.patient for slide in slides])
    model = fit(features, labels, classes, settings.regularisation)
    validated = cross_validate(features, labels, patients, classes, settings)
    return SlideModelFile(
        classes=classes,
        thresholds=thresholds,
        features=model.features,
        means=_floats(model.means),
        scales=_floats(model.scales),
        coefficients=tuple(_floats(row) for row in model.coefficients),
        intercepts=_floats(model.intercepts),
        heatmaps=slides[0].kind,
        slides=tuple(sorted(slide.fingerprint for slide in slides)),
        patients=SeenPatients.of({"train": [slide.result.patient for slide in slides]}),
        counts={name: Counter(names)[name] for name in classes},
        settings=settings.model_dump(mode="json"),
        cross_validation=validated,
        software=software(),
    )


def _floats(values: np.ndarray[Any, Any]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
