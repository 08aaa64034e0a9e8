"""Stages of patients and classes of slides, as CAMELYON17 writes and takes them.

``patient,stage``, with ``patient_000.zip,pN1`` for a patient and
``patient_000_node_0.tif,macro`` for a slide. What a line is about is told by its stage.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from layer3_infer.evaluation.csv_table import read_table
from layer3_infer.evaluation.given_scores import by_key, without_suffix
from layer3_infer.evaluation.lesions import CLASSES
from layer3_infer.evaluation.staging import STAGES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_PATIENT: Final = ("patient", "slide_id", "image")
_STAGE: Final = ("stage", "class")
_ZIP: Final = ".zip"
_STAGE_OF: Final = {stage.lower(): stage for stage in STAGES}


@dataclass(frozen=True)
class GivenStages:
    """What a table says.

    Attributes
    ----------
    patients : mapping of str to str
        Of `STAGES`, by patient.
    slides : mapping of str to str
        Of `layer3_infer.evaluation.lesions.CLASSES`, by slide id.
    """

    patients: Mapping[str, str] = field(default_factory=dict)
    slides: Mapping[str, str] = field(default_factory=dict)


def read_given_stages(path: Path) -> GivenStages:
    """Both, from one table; case does not matter, and a line without a stage says nothing.

    Raises
    ------
    ContractError
        With the line at fault: a stage that is none, or a name given twice.
    """
    rows = [row for row in read_table(path, (_PATIENT, _STAGE)) if row.cells["stage"]]
    patients, slides = [], []
    for row in rows:
        name, stage = row.name("patient"), row.cells["stage"].lower()
        if stage in _STAGE_OF:
            patient = name[: -len(_ZIP)] if name.lower().endswith(_ZIP) else name
            patients.append((row, patient, _STAGE_OF[stage]))
        elif stage in CLASSES:
            slides.append((row, without_suffix(name), stage))
        else:
            known = ", ".join((*STAGES, *CLASSES))
            raise row.refusal("stage", f"one of {known}", repr(row.cells["stage"]))
    return GivenStages(by_key(patients), by_key(slides))
