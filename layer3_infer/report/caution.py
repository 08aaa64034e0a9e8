"""What a reader must know before believing what a page says of a slide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from layer3_infer.slide_result import OTHERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from layer3_infer.slide_result import SlideResult


@dataclass(frozen=True)
class Caution:
    """One thing to know.

    Attributes
    ----------
    short : str
        A word or three, for a table; empty where `text` is all there is.
    text : str
    grave : bool
        Whether the result is not to be used as it is.
    """

    short: str
    text: str
    grave: bool = False


def cautions_of(result: SlideResult, run: Mapping[str, Any]) -> list[Caution]:
    """Everything to know of one result, the gravest first."""
    found: list[Caution] = []
    if result.status == "failed":
        found.append(Caution("failed", f"Failed: {result.reason}", grave=True))
    elif not result.made_by(run):
        found.append(Caution("another model's", f"Results incomplete: {OTHERS}", grave=True))
    if result.trained_on:
        text = (
            "The model has met this slide or its patient in its "
            f"{result.seen_in_split} split: its answers here flatter it."
        )
        found.append(Caution("seen in training", text, grave=True))
    if result.suspect:
        found.append(Caution("suspect tissue mask", f"Look first: {result.suspect}", grave=True))
    if result.mpp_source == "stated":
        text = "The scale was stated by the user; the slide itself says none, or another."
        found.append(Caution("stated scale", text))
    if result.status == "empty" or (result.status == "done" and result.reason):
        found.append(Caution("empty" if result.status == "empty" else "", result.reason))
    said = "has met this slide or its patient"
    found += [Caution("", text) for text in result.warnings if said not in text]
    return found + [Caution("", text) for text in result.notes]
