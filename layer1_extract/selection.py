"""Which of the proposed patches are kept: screen, read, judge, until there are enough."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import numpy.typing as npt

    from common.patch_file.codec import Stored
    from layer1_extract.candidates import Candidates
    from layer1_extract.looking import Looked

_FIRST: Final = 1 << 12
_MOST: Final = 1 << 18
"""Proposals screened together: few at first, since a quota may soon be filled."""


@dataclass(frozen=True, eq=False)
class Selected:
    """One step of a selection.

    Attributes
    ----------
    kept : Candidates
    stored : array, list or None
        The kept patches, as the codec stores them; None where nothing is kept.
    rejected : Candidates
        Each with its reason.
    """

    kept: Candidates
    stored: Stored
    rejected: Candidates


@dataclass(frozen=True)
class Selector:
    """Goes through proposals in their order.

    What is kept depends on the order of the proposals alone, not on how many are read at a time.

    Attributes
    ----------
    screen : callable
        (N, 2) int64 level-0 corners to `Candidates`.
    look : callable
        (N, 2) int64 level-0 corners, by row and column, to `Looked`, in that order.
    quota : mapping of stratum to int, or None
        How many of each stratum to keep; None keeps all. A stratum without a quota is not kept.
    """

    screen: Callable[[npt.NDArray[np.int64]], Candidates]
    look: Callable[[npt.NDArray[np.int64]], Iterator[Looked]]
    quota: Mapping[int, int] | None = None

    def steps(self, proposed: npt.NDArray[np.int64]) -> Iterator[Selected]:
        """Keep and reject, a bounded number of patches at a time.

        Without a quota, patches are kept in the order of the proposals; with one, in any. A
        candidate then is one that was drawn while its stratum was still wanted: those passed over
        after that were never looked at and are not accounted for.

        Parameters
        ----------
        proposed : (N, 2) int64, level-0 px
            In the order they should be tried.
        """
        kept: Counter[int] = Counter()
        start, step = 0, _MOST if self.quota is None else _FIRST
        while start < len(proposed):
            screened = self.screen(proposed[start : start + step])
            last = -1
            for row, selected in self._look_at(screened, kept):
                last = max(last, row)
                yield selected
            enough = self._enough(kept)
            out = np.flatnonzero(screened.reasons[: last + 1 if enough else len(screened)])
            if len(out):
                yield Selected(screened.take(out[:0]), None, screened.take(out))
            if enough:
                return
            start, step = start + step, min(2 * step, _MOST)

    def _look_at(self, screened: Candidates, kept: Counter[int]) -> Iterator[tuple[int, Selected]]:
        """Read what passed the screen, as far as it is wanted; adds to `kept`.

        Yields
        ------
        int
            The last row of `screened` among those looked at.
        Selected
        """
        waiting = np.flatnonzero(screened.reasons == 0)
        while len(rows := self._wanted(screened, waiting, kept)):
            waiting = np.setdiff1d(waiting, rows, assume_unique=True)
            rows = rows[np.lexsort(screened.xy[rows].T)]
            for looked in self.look(screened.xy[rows]):
                part = rows[looked.start : looked.stop]
                tried = screened.take(part).because(looked.reasons)
                good = tried.reasons == 0
                kept.update(tried.strata[good].tolist())
                yield int(part.max()), Selected(tried.take(good), looked.stored, tried.take(~good))

    def _wanted(
        self, screened: Candidates, waiting: npt.NDArray[np.intp], kept: Counter[int]
    ) -> npt.NDArray[np.intp]:
        """The next rows to read: of each stratum as many as are still missing."""
        if self.quota is None:
            return waiting
        strata = screened.strata[waiting]
        missing = {stratum: number - kept[stratum] for stratum, number in self.quota.items()}
        rows = [waiting[strata == stratum][: max(0, n)] for stratum, n in missing.items()]
        return np.concatenate(rows) if rows else waiting[:0]

    def _enough(self, kept: Counter[int]) -> bool:
        return self.quota is not None and all(kept[k] >= n for k, n in self.quota.items())
