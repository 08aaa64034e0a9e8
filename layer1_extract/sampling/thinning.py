"""Places thinned until no two are nearer than a least distance."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import isqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt


def thinned(xy: npt.NDArray[np.int64], distance: int) -> npt.NDArray[np.intp]:
    """The places that stay when each in turn is dropped if it is too near to one that stayed.

    The result is that of the plain loop over all pairs. It is found in rounds: a place that comes
    before all others in its surroundings stays, and what is too near to it goes.

    Parameters
    ----------
    xy : (N, 2) int64, level-0 px
        In the order they have precedence.
    distance : int, level-0 px
        Two places at this distance, measured straight, may both stay; nearer ones may not.

    Returns
    -------
    (K,) int
        Rows of `xy` that stay, rising.

    Examples
    --------
    >>> thinned(np.array([[0, 0], [3, 0], [6, 0], [10, 0]]), 4).tolist()
    [0, 2, 3]
    """
    if distance < 1 or not len(xy):
        return np.arange(len(xy))
    cells = _Cells.over(xy, distance)
    order = np.lexsort((np.arange(len(xy)), cells.keys))
    waiting = order.astype(np.intp)
    stay: list[npt.NDArray[np.intp]] = []
    while len(waiting):
        runs = _Runs.of(cells.keys[waiting])
        first = cells.foremost(runs.keys, waiting[runs.starts])
        stay.append(first)
        near = cells.near(waiting, runs, first, xy, distance)
        waiting = waiting[~near]
    return np.sort(np.concatenate(stay))


@dataclass(frozen=True, eq=False)
class _Runs:
    """Equal neighbours in a sorted list of keys.

    Attributes
    ----------
    keys : (C,) int64
        Each once, rising.
    starts, lengths : (C,) int
        Where each begins in the list, and how often it comes.
    """

    keys: npt.NDArray[np.int64]
    starts: npt.NDArray[np.intp]
    lengths: npt.NDArray[np.intp]

    @classmethod
    def of(cls, keys: npt.NDArray[np.int64]) -> _Runs:
        starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
        return cls(keys[starts], starts, np.diff(starts, append=len(keys)))

    def members(self, runs: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        """Places in the list of all members of some runs, run by run."""
        lengths = self.lengths[runs]
        skipped = np.cumsum(lengths) - lengths
        return np.arange(lengths.sum()) + np.repeat(self.starts[runs] - skipped, lengths)


@dataclass(frozen=True, eq=False)
class _Cells:
    """The plane in squares so small that of two places in one square one must go.

    Attributes
    ----------
    keys : (N,) int64
        The square of each place, as one number.
    steps : tuple of int
        From the key of a square to those of the others that can hold a place too near to it.
    """

    keys: npt.NDArray[np.int64]
    steps: tuple[int, ...]

    @classmethod
    def over(cls, xy: npt.NDArray[np.int64], distance: int) -> _Cells:
        side = max(1, isqrt(distance * distance // 2))
        reach = -(-(distance - 1) // side)
        column, row = ((xy - xy.min(axis=0)) // side).T
        width = int(column.max()) + 1 + reach  # a step never leads around into another row
        around = set(product(range(-reach, reach + 1), repeat=2)) - {(0, 0)}
        steps = sorted(
            down * width + right
            for down, right in around
            if _gap(down, side) ** 2 + _gap(right, side) ** 2 < distance**2
        )
        return cls(row * width + column, tuple(steps))

    def foremost(
        self, keys: npt.NDArray[np.int64], heads: npt.NDArray[np.intp]
    ) -> npt.NDArray[np.intp]:
        """Those `heads`, the first of each square, that come before all in the squares around."""
        stays = np.ones(len(heads), dtype=np.bool_)
        for here, there in self._pairs(keys, keys):
            stays[here] &= heads[here] < heads[there]
        return heads[stays]

    def near(
        self,
        waiting: npt.NDArray[np.intp],
        runs: _Runs,
        first: npt.NDArray[np.intp],
        xy: npt.NDArray[np.int64],
        distance: int,
    ) -> npt.NDArray[np.bool_]:
        """Which of the `waiting` are nearer than `distance` to one of `first`."""
        taken = self.keys[first]
        near = np.zeros(len(waiting), dtype=np.bool_)
        near[runs.members(np.searchsorted(runs.keys, taken))] = True
        for here, there in self._pairs(runs.keys, taken):
            members = runs.members(here)
            origin = np.repeat(xy[first[there]], runs.lengths[here], axis=0)
            away = xy[waiting[members]] - origin
            near[members] |= (away * away).sum(axis=1) < distance * distance
        return near

    def _pairs(
        self, keys: npt.NDArray[np.int64], others: npt.NDArray[np.int64]
    ) -> Iterator[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]:
        """For each step, rows of `keys` and the rows of `others` it leads to; both rising."""
        for step in self.steps:
            at = np.searchsorted(others, keys + step)
            at[at == len(others)] = 0
            here = np.flatnonzero(others[at] == keys + step)
            yield here, at[here]


def _gap(step: int, side: int) -> int:
    """Least distance along one axis between whole pixels of two squares `step` apart."""
    return (abs(step) - 1) * side + 1 if step else 0
