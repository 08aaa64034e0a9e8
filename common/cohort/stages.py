"""CAMELYON17's ``stages.csv``: a label for each slide of a patient."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import Final

from common.cohort.entry import SLIDE_LABELS
from common.cohort.rows import read_rows
from common.errors import ConfigError

FILE_NAME: Final = "stages.csv"
_HEADER: Final = ["patient", "stage"]


def read_stages(source: Path) -> dict[str, str]:
    """Slide label by slide id, from the columns `patient` and `stage`.

    Lines of whole patients (``patient_000.zip,pN1``) are not about a slide; an empty stage says
    nothing.

    Raises
    ------
    ConfigError
        If the file has other columns, or stages that are no slide label; each with its line.
    """
    (_, header), *rows = read_rows(source)
    if header[:2] != _HEADER:
        raise ConfigError(f"{source}: line 1: expected patient,stage, found {','.join(header)}")
    stages: dict[str, str] = {}
    mistakes: list[str] = []
    for line, cells in rows:
        name, stage = PurePath(cells[0]), "".join(cells[1:2]).lower()
        if name.suffix.lower() == ".zip" or not stage:
            continue
        if stage not in SLIDE_LABELS:
            known = ", ".join(SLIDE_LABELS)
            mistakes.append(
                f"{source}: line {line}: stage: expected one of {known}, found {stage!r}"
            )
        stages[name.stem] = stage
    if mistakes:
        raise ConfigError("\n".join(mistakes))
    return stages
