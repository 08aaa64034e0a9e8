"""Which of the proposed patches are kept: screen, read, judge, until there are enough."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import numpy.typing as npt

    from layer1_extract.candidates import Candidates

_PROPOSALS: Final = 4096
_READ: Final = 64


@dataclass(frozen=True, eq=False)
class Selected:
    """One step of a selection.

    Attributes
    ----------
    kept : Candidates
    patches : (K, S, S, 3) uint8, RGB
        Pixels of the kept.
    rejected : Candidates
        Each with its reason.
    """

    kept: Candidates
    patches: npt.NDArray[np.uint8]
    rejected: Candidates


@dataclass(frozen=True)
class Selector:
    """Goes through proposals in their order.

    What is kept depends on the order of the proposals alone, not on how many are read at a time.

    Attributes
    ----------
    screen : callable
        (N, 2) int64 level-0 corners to `Candidates`.
    read : callable
        (N, 2) int64 level-0 corners to (N, S, S, 3) uint8.
    judge : callable
        (N, S, S, 3) uint8 to (N,) uint8 reasons, 0 to keep.
    quota : mapping of label to int, or None
        How many of each label to keep; None keeps all. A label without a quota is not kept.
    """

    screen: Callable[[npt.NDArray[np.int64]], Candidates]
    read: Callable[[npt.NDArray[np.int64]], npt.NDArray[np.uint8]]
    judge: Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.uint8]]
    quota: Mapping[int, int] | None = None

    def steps(self, proposed: npt.NDArray[np.int64]) -> Iterator[Selected]:
        """Keep and reject, a bounded number of patches at a time.

        With a quota, a candidate is one that was drawn while its label was still wanted: those
        passed over after that were never looked at and are not accounted for.

        Parameters
        ----------
        proposed : (N, 2) int64, level-0 px
            In the order they should be tried.
        """
        kept: Counter[int] = Counter()
        for start in range(0, len(proposed), _PROPOSALS):
            screened = self.screen(proposed[start : start + _PROPOSALS])
            last = -1
            for rows, step in self._look_at(screened, kept):
                last = max(last, int(rows[-1]))
                yield step
            enough = self._enough(kept)
            end = last + 1 if enough else len(screened)
            out = np.flatnonzero(screened.reasons[:end])
            if len(out):
                nothing = screened.take(out[:0])
                yield Selected(nothing, self.read(nothing.xy), screened.take(out))
            if enough:
                return

    def _look_at(
        self, screened: Candidates, kept: Counter[int]
    ) -> Iterator[tuple[npt.NDArray[np.intp], Selected]]:
        """Read what passed the screen, as far as it is wanted; adds to `kept`."""
        waiting = np.flatnonzero(screened.reasons == 0)
        while len(rows := self._wanted(screened, waiting, kept)):
            waiting = np.setdiff1d(waiting, rows, assume_unique=True)
            tried = screened.take(rows)
            patches = self.read(tried.xy)
            tried = tried.because(self.judge(patches))
            good = tried.reasons == 0
            kept.update(tried.labels[good].tolist())
            yield rows, Selected(tried.take(good), patches[good], tried.take(~good))

    def _wanted(
        self, screened: Candidates, waiting: npt.NDArray[np.intp], kept: Counter[int]
    ) -> npt.NDArray[np.intp]:
        """The next rows to read: of each label no more than are still missing."""
        if self.quota is None:
            return waiting[:_READ]
        labels = screened.labels[waiting]
        missing = {label: number - kept[label] for label, number in self.quota.items()}
        rows = [waiting[labels == label][: max(0, n)] for label, n in missing.items()]
        return np.sort(np.concatenate(rows))[:_READ] if rows else waiting[:0]

    def _enough(self, kept: Counter[int]) -> bool:
        return self.quota is not None and all(kept[k] >= n for k, n in self.quota.items())
