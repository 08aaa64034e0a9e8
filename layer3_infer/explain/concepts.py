"""What concepts there are: measures of nuclei, and whatever a user knows of patches."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from common.errors import ConfigError, unknown_name
from layer3_infer.explain.finding import Values
from layer3_infer.explain.measures import MEASURES, scale_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

Kind = Literal["continuous", "discrete"]
KEYS: Final = ("slide_id", "x", "y")
"""Columns of a file of concepts that say which patch a line is about; x and y its corner."""

_THIRDS: Final = (100 / 3, 200 / 3)


@dataclass(frozen=True)
class Concept:
    """One thing a patch may have more or less of.

    Attributes
    ----------
    name : str
    title : str
        For an axis.
    unit : str
        Empty where it has none.
    said : str
        What more of it means, as a clause.
    kind : {"continuous", "discrete"}
        Discrete: patches with and without it; of a measure, those in its highest and in its lowest
        third.
    mpp : float or None, um/px
        Scale it was measured at; None where it was given.
    source : str
        How it was measured: ``nuclei``, or the file it was given in.
    """

    name: str
    title: str
    unit: str
    said: str
    kind: Kind
    mpp: float | None
    source: str


@dataclass(frozen=True, eq=False)
class Given:
    """Concepts from a CSV: ``slide_id, x, y`` and a column per concept.

    Attributes
    ----------
    concepts : tuple of Concept
    values : mapping of (slide_id, x, y) to tuple of float
        One per concept; NaN where the line says nothing.
    """

    concepts: tuple[Concept, ...]
    values: Mapping[tuple[str, int, int], tuple[float, ...]]


def of_measures(names: Sequence[str], discrete: Collection[str], mpp: float) -> list[Concept]:
    """Concepts of `measures.MEASURES`, all where no names are given.

    Parameters
    ----------
    names : sequence of str
    discrete : collection of str
        Those to be made discrete.
    mpp : float, um/px
        Scale of the patches; a measure that wants a finer one gets this one, and says so.

    Raises
    ------
    ConfigError
        If there is no such measure.
    """
    for name in names:
        if name not in MEASURES:
            raise unknown_name("measure", name, MEASURES)
    return [
        Concept(
            name=measure.name,
            title=measure.title,
            unit=measure.unit,
            said=measure.said,
            kind="discrete" if measure.name in discrete else "continuous",
            mpp=scale_of(measure, mpp),
            source="nuclei",
        )
        for measure in (MEASURES[name] for name in names or MEASURES)
    ]


def read_given(path: Path, discrete: Collection[str] = ()) -> Given:
    """Concepts of a CSV; a column of words becomes a discrete concept for each word.

    Raises
    ------
    ConfigError
        If a column is missing, a place is no whole number, or a line comes twice.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            names = [name for name in reader.fieldnames or () if name not in KEYS]
            missing = [key for key in KEYS if key not in (reader.fieldnames or ())]
            lines = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{path}: expected a CSV, found: {error}") from error
    if missing or not names:
        expected = f"columns {', '.join(KEYS)} and one at least for a concept"
        raise ConfigError(f"{path}: expected {expected}, found {', '.join(names) or 'none'}")
    columns: dict[str, list[float]] = {}
    concepts: list[Concept] = []
    for name in names:
        words = [(line[name] or "").strip() for line in lines]
        wanted: Kind = "discrete" if name in discrete else "continuous"
        for made, kind, values in _columns(name, words, wanted):
            concepts.append(Concept(made, made, "", _said(made, kind), kind, None, path.name))
            columns[made] = values
    keys = [_key(path, number, line) for number, line in enumerate(lines, 2)]
    if len(set(keys)) < len(keys):
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ConfigError(f"{path}: expected a line for each patch, found two of {twice}")
    rows = zip(*columns.values(), strict=True)
    return Given(tuple(concepts), dict(zip(keys, rows, strict=True)))


def values_of(concept: Concept, measured: npt.NDArray[np.float64]) -> Values:
    """A concept's values as `assessment.assess` takes them.

    Parameters
    ----------
    concept : Concept
    measured : (N,) float64
        NaN where not known.
    """
    if concept.kind == "continuous":
        return Values(concept.name, measured)
    known = measured[np.isfinite(measured)]
    if len(np.unique(known)) <= 2:
        high = measured == known.max(initial=-np.inf)
        return Values(concept.name, np.where(np.isfinite(measured), high, np.nan), discrete=True)
    low, high = np.percentile(known, _THIRDS)
    parted = np.where(measured >= high, 1.0, np.where(measured <= low, 0.0, np.nan))
    return Values(concept.name, parted, discrete=True)


def _columns(name: str, words: Sequence[str], wanted: Kind) -> list[tuple[str, Kind, list[float]]]:
    """The concepts in one column of text: itself if it holds numbers, else one for each word."""
    try:
        numbers = [float(word) if word else np.nan for word in words]
    except ValueError:
        kinds = sorted({word for word in words if word})
        return [
            (f"{name}={kind}", "discrete", [float(w == kind) if w else np.nan for w in words])
            for kind in kinds
        ]
    return [(name, wanted, numbers)]


def _said(name: str, kind: Kind) -> str:
    return f"{name} holds" if kind == "discrete" else f"{name} is higher"


def _key(path: Path, number: int, line: Mapping[str, str]) -> tuple[str, int, int]:
    try:
        return line["slide_id"], int(line["x"]), int(line["y"])
    except (ValueError, TypeError) as error:
        found = f"{line['x']!r}, {line['y']!r}"
        raise ConfigError(
            f"{path}: line {number}: expected x and y, level-0 px, found {found}"
        ) from error
