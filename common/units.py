"""What one process works on at a time: a slide, or one part of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from common.parts import part_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from common.cohort import SlideEntry


@dataclass(frozen=True)
class Unit:
    """One slide, or one part of it, with files of its own.

    Attributes
    ----------
    entry : SlideEntry
    part, parts : int
        Which part, counted from 0, and their number; 1 for a whole slide.
    """

    entry: SlideEntry
    part: int = 0
    parts: int = 1

    @property
    def name(self) -> str:
        """Slide and part, as in the names of their files."""
        return part_name(self.entry.slide_id, self.part, self.parts)

    @property
    def size(self) -> float:
        """This unit's share of the slide's file, bytes; 0 where there is no file.

        Says, without opening a slide, which unit is likely to take longest.
        """
        try:
            return self.entry.path.stat().st_size / self.parts
        except OSError:
            return 0.0


def units_of(entries: Iterable[SlideEntry], blocks: int = 1) -> list[Unit]:
    """Every slide cut into `blocks` parts, slide by slide and part by part."""
    return [Unit(entry, part, blocks) for entry in entries for part in range(blocks)]
