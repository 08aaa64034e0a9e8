"""What is shown of the concepts behind a model's answers, as ``layer3-infer concepts`` wrote it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from layer3_infer.report.recorded import read_json, read_table
from layer3_infer.viewer.pictures import EmbeddedPicture, embed, read_picture, reduced

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FOLDER: Final = "concepts"
_WORDS: Final = ("words", "paragraph", "paragraphs", "said", "text", "summary")
_MOST_ROWS: Final = 200


@dataclass(frozen=True)
class ConceptSection:
    """The table, the picture and the words.

    Attributes
    ----------
    head : sequence of str
    rows : sequence of sequence of str
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
    head, rows = (table[0], table[1 : 1 + _MOST_ROWS]) if table else ([], [])
    other = facts.get("model_sha256", model_sha256) != model_sha256
    rounded = [[_rounded(cell) for cell in row] for row in rows]
    return ConceptSection(head, rounded, picture, _words(facts), other)


def _words(facts: dict[str, Any]) -> list[str]:
    for key in _WORDS:
        found = facts.get(key)
        if isinstance(found, str):
            return found.split("\n\n")
        if isinstance(found, list):
            return [str(one) for one in found]
    return []


def _rounded(cell: str) -> str:
    """Numbers with four digits, the rest as it is."""
    try:
        value = float(cell)
    except ValueError:
        return cell
    return cell if value.is_integer() else f"{value:.4g}"
