"""What concepts there are: measures of nuclei, and whatever a user knows of patches."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from itertools import zip_longest
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
_MOST_WORDS: Final = 20
"""Different words in a column; a concept is made of each."""


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
        Discrete: patches with and without it; of numbers, see `values_of`.
    mpp : float or None, um/px
        Scale it was measured at; None where it was given.
    source : str
        How it was measured: ``nuclei`` that were found, ``nuclei given``, or the file it was given
        in.
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


def of_measures(
    names: Sequence[str], discrete: Collection[str], mpp: float, *, nuclei_given: bool = False
) -> list[Concept]:
    """Concepts of `measures.MEASURES`, all where no names are given.

    Parameters
    ----------
    names : sequence of str
    discrete : collection of str
        Those to be made discrete.
    mpp : float, um/px
        Scale of the patches; a measure that wants a finer one gets this one, and says so.
    nuclei_given : bool
        Whether nuclei are the user's; otherwise they are found.

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
            source="nuclei given" if nuclei_given else "nuclei",
        )
        for measure in (MEASURES[name] for name in names or MEASURES)
    ]


def read_given(path: Path, discrete: Collection[str] = ()) -> Given:
    """Concepts of a CSV; a column of words becomes a discrete concept for each word.

    Raises
    ------
    ConfigError
        If a column is missing, has no name, comes twice or is named like a measure, a place is no
        whole number, a line comes twice, or a column holds numbers and words.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            if "\0" in stream.read():
                raise ConfigError(f"{path}: expected a CSV, found bytes that are 0")
            stream.seek(0)
            reader = csv.reader(stream)
            head, *rows = [(reader.line_num, row) for row in reader if row] or [(1, [])]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{path}: expected a CSV, found: {error}") from error
    names = [name.strip() for name in head[1]]
    _check_head(path, names)
    lines = {
        number: dict(zip_longest(names, row[: len(names)], fillvalue="")) for number, row in rows
    }
    values: dict[str, list[float]] = {}
    concepts: list[Concept] = []
    for name in names:
        if name in KEYS:
            continue
        words = {number: line[name].strip() for number, line in lines.items()}
        wanted: Kind = "discrete" if name in discrete else "continuous"
        for made, kind, column in _columns(f"{path}: column {name!r}", name, words, wanted):
            if made in values:
                raise ConfigError(
                    f"{path}: expected a column for each concept, found two of {made}"
                )
            concepts.append(Concept(made, made, "", _said(made, kind), kind, None, path.name))
            values[made] = column
    keys = _keys(path, lines)
    return Given(tuple(concepts), dict(zip(keys, zip(*values.values(), strict=True), strict=True)))


def values_of(concept: Concept, measured: npt.NDArray[np.float64]) -> Values:
    """A concept's values as `assessment.assess` takes them.

    Of numbers a discrete concept is made of those in the highest third against those in the
    lowest. Where both thirds end in one value that many patches share, it is those above it
    against those below; or, where it is the lowest or the highest there is, it against the rest.

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
    more, fewer = measured >= high, measured <= low
    if low == high:
        above, below = measured > high, measured < low
        more, fewer = (above if above.any() else more), (below if below.any() else fewer)
    parted = np.where(more, 1.0, np.where(fewer, 0.0, np.nan))
    return Values(concept.name, parted, discrete=True)


def _check_head(path: Path, names: Sequence[str]) -> None:
    """Refuse names of columns that do not tell which is which."""
    missing = [key for key in KEYS if key not in names]
    if missing or len(names) == len(KEYS):
        expected = f"columns {', '.join(KEYS)} and one at least for a concept"
        there = [name for name in names if name not in KEYS]
        raise ConfigError(f"{path}: expected {expected}, found {', '.join(there) or 'none'}")
    if not all(names):
        place = names.index("") + 1
        raise ConfigError(f"{path}: expected a name for each column, found none for column {place}")
    twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
    if twice is not None:
        raise ConfigError(f"{path}: expected each column once, found two named {twice!r}")
    for name in names:
        if name in MEASURES:
            raise ConfigError(
                f"{path}: column {name!r}: expected another name than a measure's, found that of "
                f"{MEASURES[name].title!r}, which is taken of nuclei. Rename the column"
            )


def _columns(
    where: str, name: str, words: Mapping[int, str], wanted: Kind
) -> list[tuple[str, Kind, list[float]]]:
    """The concepts in one column of text: itself if it holds numbers, else one for each word.

    Parameters
    ----------
    where : str
        Of the column, for messages.
    name : str
    words : mapping of line's number to str
    wanted : {"continuous", "discrete"}
        Of a column of numbers.
    """
    numbers = {line: _number(word) for line, word in words.items()}
    others = [line for line, number in numbers.items() if number is None]
    filled = sum(map(bool, words.values()))
    if not others:
        return [(name, wanted, [np.nan if n is None else n for n in numbers.values()])]
    if 2 * len(others) < filled:
        raise ConfigError(
            f"{where}: line {others[0]}: expected a number, as in most lines, found "
            f"{words[others[0]]!r}. Leave the cell empty where nothing is known"
        )
    kinds = sorted({word for word in words.values() if word})
    if len(kinds) > _MOST_WORDS:
        raise ConfigError(
            f"{where}: expected numbers, or at most {_MOST_WORDS} different words, found "
            f"{len(kinds)}. Leave the column out"
        )
    return [
        (f"{name}={kind}", "discrete", [float(w == kind) if w else np.nan for w in words.values()])
        for kind in kinds
    ]


def _number(word: str) -> float | None:
    """NaN where there is nothing; None where there is something else than a number."""
    try:
        return float(word) if word else np.nan
    except ValueError:
        return None


def _said(name: str, kind: Kind) -> str:
    return f"{name} holds" if kind == "discrete" else f"{name} is higher"


def _keys(path: Path, lines: Mapping[int, Mapping[str, str]]) -> list[tuple[str, int, int]]:
    """Which patch each line is about; none is named twice."""
    first: dict[tuple[str, int, int], int] = {}
    for number, line in lines.items():
        key = _key(path, number, line)
        if key in first:
            raise ConfigError(
                f"{path}: line {number}: expected a line for each patch, found two of {key}: the "
                f"other is line {first[key]}"
            )
        first[key] = number
    return list(first)


def _key(path: Path, number: int, line: Mapping[str, str]) -> tuple[str, int, int]:
    try:
        return line["slide_id"].strip(), int(line["x"]), int(line["y"])
    except ValueError as error:
        found = f"{line['x']!r}, {line['y']!r}"
        raise ConfigError(
            f"{path}: line {number}: expected x and y, level-0 px, found {found}"
        ) from error
