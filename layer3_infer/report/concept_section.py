"""What is shown of the concepts behind a model's answers.

As `layer3_infer.explain.concept_table` and `layer3_infer.explain.concept_report` write it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from layer3_infer.report.recorded import read_json, read_table
from layer3_infer.viewer.pictures import EmbeddedPicture, embed, read_picture, reduced

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FOLDER: Final = "concepts"
_COLUMNS: Final = (
    "concept",
    "layer",
    "unit",
    "sign",
    "n",
    "r2",
    "r2_p_corrected",
    "tcav",
    "sensitivity_mean",
    "sensitivity_p_corrected",
    "br_scaled",
    "passes",
    "explained_by",
    "reason",
)
"""Those of ``concepts.csv`` that are shown; the others are for programs."""

_MOST_ROWS: Final = 200
_TRUTHS: Final = {"True": "yes", "False": "no"}


@dataclass(frozen=True)
class ConceptSection:
    """The table, the picture and the words.

    Attributes
    ----------
    head : sequence of str
    rows : sequence of sequence of str
        What passes first, then as the table has them; not all of them in a long one.
    picture : EmbeddedPicture or None
    words : sequence of str
    other_model : bool
        Whether they are of another model than the heatmaps.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    picture: EmbeddedPicture | None
    words: Sequence[str]
    other_model: bool


def concept_section(folder: Path, model_sha256: str, width: int) -> ConceptSection | None:
    """What lies in a folder of concepts; None where there is none.

    Raises
    ------
    ContractError, ConfigError
        If a file of it cannot be read.
    """
    facts, table = read_json(folder / "concepts.json"), read_table(folder / "concepts.csv")
    if not facts and not table:
        return None
    path = folder / "concepts.png"
    picture = embed(reduced(read_picture(path), width), ".png") if path.exists() else None
    head, rows = _shown(table)
    other = facts.get("model_sha256", model_sha256) != model_sha256
    words = [str(one) for one in facts.get("words", ())]
    return ConceptSection(head, rows, picture, words, other)


def _shown(table: list[list[str]]) -> tuple[list[str], list[list[str]]]:
    """Head and rows for a person."""
    head, *rows = table or [[]]
    found = [dict(zip(head, row, strict=False)) for row in rows]
    found.sort(key=lambda row: row.get("passes") != str(True))
    columns = [column for column in _COLUMNS if column in head]
    shown = [[_rounded(row.get(c, "")) for c in columns] for row in found[:_MOST_ROWS]]
    return columns, shown


def _rounded(cell: str) -> str:
    """Numbers with four digits, yes and no for a person, the rest as it is."""
    if cell in _TRUTHS:
        return _TRUTHS[cell]
    try:
        value = float(cell)
    except ValueError:
        return cell
    return cell if value.is_integer() else f"{value:.4g}"
