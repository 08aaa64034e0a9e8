"""Slide model files: one JSON, see `slide_model_file.md` beside this module.

Numbers and names only: reading one runs nothing.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from common.errors import ContractError
from common.files import write_text
from common.model_bundle import SeenPatients  # noqa: TC001 - pydantic asks for it
from layer3_infer.slide_features import feature_names
from layer3_infer.slide_model.heatmap_kind import HeatmapKind  # noqa: TC001
from layer3_infer.slide_model.known_class import BINARY, STAGES
from layer3_infer.slide_model.model import SlideModel

if TYPE_CHECKING:
    from pathlib import Path

FORMAT: Final = "camnet-slide-model"
FORMAT_VERSION: Final = "1.0"
_SHA256: Final = "sha256"
_ADVICE: Final = "Copy the file anew, or train the slide model again"


class SlideModelFile(BaseModel):
    """What the file says.

    Attributes
    ----------
    classes : tuple of str
    thresholds : tuple of float
        Above which regions are measured.
    features : tuple of str
        In the order of what follows.
    means, scales : tuple of float
    coefficients : tuple of tuple of float
        By class.
    intercepts : tuple of float
        By class.
    heatmaps : HeatmapKind
        Which heatmaps it is for.
    slides : tuple of str
        Fingerprints of the slides it was trained on.
    patients : SeenPatients
        Their patients, told only to whoever asks for one by name.
    counts : dict of class to int
        Slides it was trained on.
    settings, cross_validation : dict
    software : str
    sha256 : str
        Of all the rest.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    format: str = FORMAT
    format_version: str = FORMAT_VERSION
    classes: tuple[str, ...]
    thresholds: tuple[float, ...] = Field(min_length=1)
    features: tuple[str, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]
    coefficients: tuple[tuple[float, ...], ...]
    intercepts: tuple[float, ...]
    heatmaps: HeatmapKind
    slides: tuple[str, ...]
    patients: SeenPatients
    counts: dict[str, int]
    settings: dict[str, Any]
    cross_validation: dict[str, Any]
    software: str
    sha256: str = ""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.classes not in (STAGES, BINARY):
            raise ValueError(f"classes: expected {STAGES} or {BINARY}, found {self.classes}")
        if self.features != feature_names(self.thresholds):
            raise ValueError(
                f"features: expected those of its thresholds, in order, found {self.features}"
            )
        _ = self.model
        return self

    @property
    def model(self) -> SlideModel:
        """The classifier."""
        return SlideModel(
            features=self.features,
            means=np.array(self.means, dtype=np.float64),
            scales=np.array(self.scales, dtype=np.float64),
            classes=self.classes,
            coefficients=_rectangle(self.coefficients),
            intercepts=np.array(self.intercepts, dtype=np.float64),
        )

    def seen(self, fingerprint: str, patient: str) -> bool:
        """Whether it was trained on a slide, or on another of its patient."""
        return fingerprint in self.slides or self.patients.split_of(patient) != ""


def write_slide_model(path: Path, made: SlideModelFile) -> SlideModelFile:
    """Write the file, whole or not at all; returned with its `sha256`."""
    values = made.model_dump(mode="json")
    values[_SHA256] = _digest(values)
    write_text(path, json.dumps(values, indent=1, allow_nan=False, ensure_ascii=False) + "\n")
    return made.model_copy(update={_SHA256: values[_SHA256]})


def read_slide_model(path: Path) -> SlideModelFile:
    """The file, if it keeps every rule.

    Raises
    ------
    ContractError
        Naming what is missing, changed or not what it must be; a version this software does not
        know names the one that wrote it.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        advice = "Give a file that layer3-infer slide-model train wrote"
        raise ContractError(path, "file", "a slide model", str(error), advice) from error
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        found = repr(values.get("format")) if isinstance(values, dict) else type(values).__name__
        raise ContractError(path, "format", FORMAT, found)
    _check_version(path, values)
    try:
        made = SlideModelFile.model_validate(values)
    except ValidationError as error:
        raise _refusal(path, error) from error
    if (digest := _digest(values)) != made.sha256:
        raise ContractError(path, _SHA256, made.sha256 or "a hash", digest, _ADVICE)
    return made


def _check_version(path: Path, values: dict[str, Any]) -> None:
    version, known = str(values.get("format_version", "")), FORMAT_VERSION.split(".")[0]
    if version.split(".")[0] != known:
        wrote = f"{version!r} written by {values.get('software', 'an unknown software')}"
        advice = "Use that software, or newer"
        raise ContractError(path, "format_version", f"{known}.x", wrote, advice)


def _refusal(path: Path, error: ValidationError) -> ContractError:
    first = error.errors()[0]
    item = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    if item:
        return ContractError(path, item, message, repr(first["input"])[:200], _ADVICE)
    item, _, said = message.partition(": expected ")
    expected, _, found = said.partition(", found ")
    return ContractError(path, item, expected, found, _ADVICE)


def _digest(values: dict[str, Any]) -> str:
    rest = {name: value for name, value in values.items() if name != _SHA256}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def _rectangle(rows: tuple[tuple[float, ...], ...]) -> np.ndarray:
    lengths = sorted({len(row) for row in rows})
    if len(lengths) != 1:
        raise ValueError(f"coefficients: expected rows of one length, found {lengths}")
    return np.array(rows, dtype=np.float64)
