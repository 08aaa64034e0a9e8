"""What a phantom cohort is asked to be, and the constants of every slide in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from common.errors import ConfigError

MPP: Final = 0.25
"""Scale of level 0 of every phantom slide, um/px."""
TILE: Final = 512
"""Edge of the square the slide is rendered and stored in, level-0 px."""
SMALLEST: Final = 1024
"""Below this a region of tumour may hold no nucleus."""
LARGEST: Final = 16384
"""Above this the half-size level, which is held in memory, passes 200 MB."""
CENTRES: Final = 3
PATIENTS_PER_CENTRE: Final = 20
NODES_PER_PATIENT: Final = 5
MOST_SLIDES: Final = CENTRES * PATIENTS_PER_CENTRE * NODES_PER_PATIENT
PROPERTIES: Final = frozenset({"area", "texture"})
"""What nuclei of tumour may differ in from those of normal tissue."""


@dataclass(frozen=True)
class PhantomSettings:
    """One cohort.

    Attributes
    ----------
    slides : int
        How many; 1 to 300.
    size : int, level-0 px
        Edge of every slide: a multiple of 512 from 1024 to 16384.
    seed : int
        Not negative. Slide k of two cohorts with equal other settings is the same slide.
    differ : frozenset of str
        Which of ``area`` and ``texture`` tells nuclei of tumour from normal ones.
    artefacts : bool
        Whether some slides have folds and pen marks.
    """

    slides: int = 6
    size: int = 4096
    seed: int = 0
    differ: frozenset[str] = PROPERTIES
    artefacts: bool = False

    def __post_init__(self) -> None:
        mistakes = [*self._wrong_numbers(), *self._wrong_differ()]
        if mistakes:
            raise ConfigError("\n".join(mistakes))

    def _wrong_numbers(self) -> list[str]:
        wrong = []
        if not 1 <= self.slides <= MOST_SLIDES:
            wrong.append(f"phantom: slides: expected 1 to {MOST_SLIDES}, found {self.slides}")
        if not SMALLEST <= self.size <= LARGEST or self.size % TILE:
            wrong.append(
                f"phantom: size: expected a multiple of {TILE} px from {SMALLEST} to {LARGEST}, "
                f"found {self.size}"
            )
        if self.seed < 0:
            wrong.append(f"phantom: seed: expected 0 or more, found {self.seed}")
        return wrong

    def _wrong_differ(self) -> list[str]:
        if self.differ and self.differ <= PROPERTIES:
            return []
        found = ",".join(sorted(self.differ)) or "nothing"
        advice = "Without a difference there is nothing to learn"
        return [f"phantom: differ: expected area, texture or area,texture, found {found}. {advice}"]
