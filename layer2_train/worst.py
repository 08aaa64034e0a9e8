"""Which patches a network is most wrong about, out of any number, in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from layer2_train.settings.mining import MineSettings

_WAITING: Final = 1 << 16


@dataclass(frozen=True, eq=False)
class Answered:
    """Patches and the probability of tumour a network gave them.

    Attributes
    ----------
    probability : (N,) float32
    file : (N,) int64
        Number of the file each is in.
    row : (N,) int64
        And its row there.
    """

    probability: npt.NDArray[np.float32]
    file: npt.NDArray[np.int64]
    row: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.row)

    def taken(self, which: npt.NDArray[np.integer] | npt.NDArray[np.bool_]) -> Answered:
        """Some of them, in the order of `which`."""
        return Answered(self.probability[which], self.file[which], self.row[which])


class Worst:
    """The patches with the highest probability, as the settings limit them.

    Of equal probabilities the first file counts, then the first row. What is left does not depend
    on how the patches were batched.

    Parameters
    ----------
    settings : MineSettings
    slide_of : (F,) int64
        Number of the slide of each file.
    """

    def __init__(self, settings: MineSettings, slide_of: npt.NDArray[np.int64]) -> None:
        self._settings = settings
        self._slide_of = slide_of
        self._waiting: list[Answered] = []

    def add(self, found: Answered) -> None:
        """Consider some more patches."""
        self._waiting.append(found)
        if sum(map(len, self._waiting)) > _WAITING + 2 * len(self._waiting[0]):
            self._waiting = [self.found()]

    def found(self) -> Answered:
        """Those taken of all so far, worst first."""
        every = Answered(
            np.concatenate([np.empty(0, np.float32), *(w.probability for w in self._waiting)]),
            np.concatenate([np.empty(0, np.int64), *(w.file for w in self._waiting)]),
            np.concatenate([np.empty(0, np.int64), *(w.row for w in self._waiting)]),
        )
        least = self._settings.threshold
        if least is not None:
            every = every.taken(every.probability >= np.float32(least))
        every = every.taken(np.lexsort((every.row, every.file, -every.probability)))
        if self._settings.per_slide is not None:
            every = every.taken(_places(self._slide_of[every.file]) < self._settings.per_slide)
        return every.taken(np.arange(len(every))[: self._settings.keep])


def _places(slides: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """How many earlier entries are equal to each.

    Examples
    --------
    >>> _places(np.array([4, 7, 4, 4, 7])).tolist()
    [0, 0, 1, 2, 1]
    """
    order = np.argsort(slides, kind="stable")
    ordered = slides[order]
    starts = np.searchsorted(ordered, ordered)
    places = np.empty(len(slides), np.int64)
    places[order] = np.arange(len(slides)) - starts
    return places
