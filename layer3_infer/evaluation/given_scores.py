"""What a model says of whole slides, in tables of ours and of others."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING, Final, TypeVar

from layer3_infer.evaluation.csv_table import read_table
from layer3_infer.evaluation.lesions import CLASSES, NEGATIVE
from layer3_infer.heatmap_file import TRAINING_SPLITS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from layer3_infer.evaluation.csv_table import Row

_SLIDE: Final = ("slide_id", "image", "image_name", "slide", "name", "case")
POSITIVE: Final = "positive"
_SCORE: Final = ("score", "probability", "p", "confidence")
_SUFFIXES: Final = frozenset({".tif", ".tiff", ".svs", ".ndpi", ".mrxs", ".dcm", ".scn", ".bif"})
T = TypeVar("T")


def read_scores(path: Path) -> dict[str, float]:
    """Score by slide id, from a table of slides and scores, with or without a header.

    Raises
    ------
    ContractError
        With the line at fault: a score that is no number, or a slide given twice.
    """
    rows = read_table(path, (_SLIDE, _SCORE), header=False)
    return by_key([(row, slide_of(row), row.number("score")) for row in rows])


@dataclass(frozen=True)
class Predictions:
    """What a slide model says, by slide id.

    Attributes
    ----------
    scores : mapping of str to float
        Of slides that have one.
    classes : mapping of str to str
        Of slides that have one of `layer3_infer.evaluation.lesions.CLASSES`; a slide model that
        tells only negative from positive says nothing of size.
    trained_on : tuple of str
        Slides that it, or the network before it, was trained or chosen on.
    """

    scores: Mapping[str, float] = field(default_factory=dict)
    classes: Mapping[str, str] = field(default_factory=dict)
    trained_on: tuple[str, ...] = ()


def read_predictions(path: Path) -> Predictions:
    """What ``slide_predictions.csv`` says; an empty cell says nothing.

    Raises
    ------
    ContractError
        With the line at fault.
    """
    rows = read_table(path, (_SLIDE, _SCORE, ("class",)), optional=["seen_in_split"])
    by_key([(row, slide_of(row), "") for row in rows])
    classes = {slide_of(row): _class_of(row) for row in rows}
    sized = any(name not in ("", NEGATIVE, POSITIVE) for name in classes.values())
    return Predictions(
        {slide_of(row): row.number("score") for row in rows if row.cells["score"]},
        {slide: name for slide, name in classes.items() if sized and name in CLASSES},
        tuple(slide_of(row) for row in rows if row.cells["seen_in_split"] in TRAINING_SPLITS),
    )


def by_key(found: Collection[tuple[Row, str, T]]) -> dict[str, T]:
    """Values by key, each of which may stand in one row only; the key is the first column's."""
    values: dict[str, T] = {}
    for row, key, value in found:
        if key in values:
            column = next(iter(row.cells))
            raise row.refusal(column, "each slide or patient once", f"{key!r} again")
        values[key] = value
    return values


def slide_of(row: Row) -> str:
    """The slide id in a row: a file name without the suffix of a slide, or the id itself."""
    return without_suffix(row.name("slide_id"))


def without_suffix(name: str) -> str:
    """A slide's name without folder and suffix.

    Examples
    --------
    >>> without_suffix("test/test_001.tif"), without_suffix("biopsy 1.2")
    ('test_001', 'biopsy 1.2')
    """
    path = PurePath(name)
    return path.stem if path.suffix.lower() in _SUFFIXES else path.name


def _class_of(row: Row) -> str:
    name = row.cells["class"].lower()
    known = (*CLASSES, POSITIVE)
    if name and name not in known:
        raise row.refusal("class", f"one of {', '.join(known)}", repr(row.cells["class"]))
    return name
