"""One slide, or one part of it, on its way to answers."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from common.outcomes import Held

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from common.slides import Slide
    from common.staging import Desk, Staged
    from common.stain import Stain
    from common.units import Unit
    from layer3_infer.answer_store import AnswerStore
    from layer3_infer.heatmap_file import HeatmapFile
    from layer3_infer.locations import DenseLocations
    from layer3_infer.predict import SlidePatches

SAVE_S: Final = 30.0
"""Seconds of work that a process which is killed may lose."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """A unit whose locations are known.

    Attributes
    ----------
    slide : Slide
    locations : DenseLocations
        Of the whole slide.
    stain : Stain
    store : AnswerStore
    rows : (M,) int64
        The locations of this unit that have no answer yet.
    patches : SlidePatches
        Those of `rows`.
    kept : HeatmapFile or None
        The heatmap of an earlier run; there is nothing to ask then.
    """

    slide: Slide
    locations: DenseLocations
    stain: Stain
    store: AnswerStore
    rows: npt.NDArray[np.int64]
    patches: SlidePatches
    kept: HeatmapFile | None = None


@dataclass(eq=False)
class SlideWork:
    """A unit, its answers so far, or why there will be none.

    Attributes
    ----------
    unit : Unit
    prepared : Held of Prepared
    save_s : float, s
        Answers are kept on disk after so long.
    preparing_s : float, s
        What it took to prepare it.
    given_up : bool
        Whether no more of its patches are wanted.
    copy : Staged or None
        The slide on scratch; None reads and writes in place.
    seen : dict of str to list of int
        What slide and annotation were before they were read, for `Outcome.seen`.
    """

    unit: Unit
    prepared: Held[Prepared]
    save_s: float = SAVE_S
    preparing_s: float = 0.0
    given_up: bool = False
    copy: Staged | None = None
    seen: dict[str, list[int]] = field(default_factory=dict)
    _scores: list[npt.NDArray[np.float32]] = field(default_factory=list)
    _answered: int = 0
    _saved: int = 0
    _files: list[Path] = field(default_factory=list)
    _began: float = field(default_factory=time.monotonic)
    _last: float = field(default_factory=time.monotonic)

    def __len__(self) -> int:
        return 0 if self.prepared.error else len(self.prepared().rows)

    @property
    def desk(self) -> Desk | None:
        """Where large results are written before they are brought to their place."""
        return None if self.copy is None else self.copy.desk

    def begin(self) -> None:
        """Its first patches are asked for now."""
        self._began = self._last = time.monotonic()

    @property
    def seconds(self) -> float:
        """Wall time spent on it so far, s; not what it waited, prepared, for its turn."""
        return self.preparing_s + time.monotonic() - self._began

    def read(self, start: int, stop: int) -> npt.NDArray[np.uint8]:
        """Pixels of its patches `start` to `stop`, (K, S, S, 3) uint8 RGB."""
        return self.prepared().patches.read(start, stop)

    @property
    def over(self) -> bool:
        """Whether every patch is answered, or none will be."""
        return self.given_up or self._answered == len(self)

    def take(self, answers: Held[npt.NDArray[np.float32]]) -> None:
        """The answers for the next patches, in their order; or the error that ends this unit.

        The last are kept by whoever finishes it: no other task takes it for answered before.
        """
        if answers.error is not None:
            self.save()
            self.prepared, self.given_up = Held(error=answers.error), True
        if self.given_up:
            return
        scores = answers()
        self._scores.append(scores)
        self._answered += len(scores)
        if not self.over and time.monotonic() - self._last > self.save_s:
            self.save()

    def save(self) -> None:
        """Keep what was answered since the last time on disk."""
        if self._answered > self._saved and not self.prepared.error:
            work = self.prepared()
            rows = work.rows[self._saved : self._answered]
            kept = work.store.add(rows, np.concatenate(self._scores)[self._saved :])
            self._files += [] if kept is None else [kept]
            self._saved = self._answered
        self._last = time.monotonic()

    def disown(self) -> None:
        """Remove what was kept of its answers: they are of pixels that may be wrong."""
        for path in self._files:
            path.unlink(missing_ok=True)
        self._files.clear()
        self._saved = self._answered

    @property
    def scores(self) -> npt.NDArray[np.float32]:
        """(K,) float32: the answers so far, in the order of `Prepared.rows`."""
        return np.concatenate([np.empty(0, dtype=np.float32), *self._scores])
