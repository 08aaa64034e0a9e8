"""What is known to be wrong with slides of CAMELYON.

The slides are in ``camelyon_exceptions.csv`` beside this module, each with its source. They are
known by their slide_id alone, compared without regard to case because releases spell
``Tumor_010`` and ``tumor_010``: a slide of another cohort that bears the same id needs another in
the cohort CSV, or the exceptions switched off.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

DUPLICATE: Final = "duplicate"
NOT_EXHAUSTIVE: Final = "not_exhaustive"
RELABELLED: Final = "relabelled"
_TABLE: Final = "camelyon_exceptions.csv"


@dataclass(frozen=True)
class SlideException:
    """One slide that is not what its cohort says.

    Attributes
    ----------
    slide_id, cohort : str
    what : {"duplicate", "not_exhaustive", "relabelled"}
        It shows what another slide shows; tumour may lie outside its annotations; its label is
        another.
    slide_label : str
        The right label, where it is relabelled; else empty.
    reason, source : str
        In words, and who says so.
    """

    slide_id: str
    cohort: str
    what: str
    slide_label: str
    reason: str
    source: str

    @property
    def note(self) -> str:
        """The exception in a line, for a person."""
        what = f"{self.what.replace('_', ' ')} {self.slide_label}".strip()
        return f"known of {self.cohort}'s {self.slide_id}: {what}: {self.reason}"


def exception_of(slide_id: str) -> SlideException | None:
    """What is known to be wrong with the slide of this id; None where nothing is.

    Examples
    --------
    >>> exception_of("Test_049").what, exception_of("test_050")
    ('duplicate', None)
    """
    return known_exceptions().get(slide_id.lower())


@cache
def known_exceptions() -> Mapping[str, SlideException]:
    """Every exception, by slide_id."""
    text = files("common.cohort").joinpath(_TABLE).read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {row["slide_id"]: SlideException(**row) for row in rows}
