"""One slide of a cohort."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SLIDE_LABELS: Final = ("negative", "positive", "itc", "micro", "macro")
SPLITS: Final = ("train", "valid", "test")
_LONGEST_NAME: Final = 180
"""Bytes: file names may have 255, of which suffixes and random tokens take some."""
_PART: Final = re.compile(r"\.part-\d+-of-\d+$")


@dataclass(frozen=True)
class SlideEntry:
    """What is known of one slide before it is opened. Texts are empty where nothing is.

    Attributes
    ----------
    slide_id : str
        Key of the slide in every file the project writes; names files, so no ``/`` in it.
    path : Path
        The slide; may not exist, which the run reports for this slide alone.
    patient, node, centre : str
        Where it comes from, such as ``patient_017``, ``2`` and ``0``.
    slide_label : str
        One of `SLIDE_LABELS`, or empty.
    split : str
        One of `SPLITS`, or empty.
    mpp : float or None, um/px
        Scale of level 0 as the user states it; None leaves it to the slide's own properties.
    annotation : Path or None
        Its annotation; may not exist, which the run reports for this slide alone.
    fallback_mpp : float or None, um/px
        Scale of level 0 where neither `mpp` nor the slide says it; not part of the cohort CSV.
    """

    slide_id: str
    path: Path
    patient: str = ""
    node: str = ""
    centre: str = ""
    slide_label: str = ""
    split: str = ""
    mpp: float | None = None
    annotation: Path | None = None
    fallback_mpp: float | None = None

    def __post_init__(self) -> None:
        texts = {name: getattr(self, name) for name in TEXTS}
        if mistakes := text_mistakes(texts) + mpp_mistakes(self.mpp):
            raise ValueError("; ".join(mistakes))

    @property
    def files(self) -> tuple[Path, ...]:
        """What is read of it: the slide, and its annotation if it has one."""
        return (self.path, self.annotation) if self.annotation else (self.path,)


TEXTS: Final = ("slide_id", "patient", "node", "centre", "slide_label", "split")
"""The fields of a `SlideEntry` that are plain text."""


def text_mistakes(texts: Mapping[str, str]) -> list[str]:
    """What is wrong with the `TEXTS` of an entry, a line each; empty where nothing is.

    Examples
    --------
    >>> text_mistakes({"slide_id": "a", "split": "training"})
    ["split: expected one of train, valid, test or nothing, found 'training'"]
    """
    mistakes = [
        f"{name}: expected text on one line without space around it, found {text!r}"
        for name, text in texts.items()
        if not is_plain(text)
    ]
    if not is_file_name(slide_id := texts["slide_id"]):
        mistakes.append(
            f"slide_id: expected a name that files can bear, of at most {_LONGEST_NAME} bytes, "
            "without / or \\, not opening with a dot, not ending like .part-0-of-2, "
            f"found {slide_id!r}"
        )
    for name, known in (("slide_label", SLIDE_LABELS), ("split", SPLITS)):
        if (text := texts.get(name, "")) and text not in known:
            words = ", ".join(known)
            mistakes.append(f"{name}: expected one of {words} or nothing, found {text!r}")
    return mistakes


def mpp_mistakes(mpp: float | None) -> list[str]:
    """What is wrong with a stated scale; empty where nothing is."""
    if mpp is None or (math.isfinite(mpp) and mpp > 0):
        return []
    return [f"mpp: expected um/px greater than 0, found {mpp}"]


def is_plain(text: str) -> bool:
    """Whether `text` survives a CSV: no space around it, no control characters."""
    if text != text.strip():
        return False
    controls = (unicodedata.category(character) in {"Cc", "Cs"} for character in text)
    return text.isprintable() or not any(controls)


def is_file_name(slide_id: str) -> bool:
    """Whether files can bear the name `slide_id`."""
    short = len(slide_id.encode("utf-8", "surrogateescape")) <= _LONGEST_NAME
    plain = bool(slide_id) and not slide_id.startswith(".") and not set("/\\") & set(slide_id)
    return short and plain and not _PART.search(slide_id)
