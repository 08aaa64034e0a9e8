"""Which patches an epoch shows to a rank, and in which order; numbers only, no file is opened.

Patches of a stratum, a class or a class of a centre, stand in a row; neighbours in it are
neighbours in their file. The row is cut into blocks, and the blocks are dealt out to the ranks once
and for all. In an epoch a rank goes through its blocks by chance, until the stratum has the share
it was asked for; blocks of all strata that are drawn together, a window, are shuffled patch by
patch.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from common.errors import ConfigError

if TYPE_CHECKING:
    import numpy.typing as npt

    from layer2_train.strata import Stratum

_BLOCKS: Final = 0
_WINDOWS: Final = 2
"""Streams of chance; 1 is augmentation's."""

_AT_LEAST: Final = 64
"""Blocks of a stratum that each rank has, where there are as many patches."""


@dataclass(frozen=True)
class Drawing:
    """How the epochs of one rank are drawn.

    Attributes
    ----------
    strata : tuple of Stratum
        Their patches are numbered one after the other, from 0.
    batch_size : int
    window, block : int, patches
        See `LoadingSettings`.
    seed : int
    rank, ranks : int

    Raises
    ------
    ConfigError
        If a stratum has fewer patches than there are ranks.
    """

    strata: tuple[Stratum, ...]
    batch_size: int
    window: int
    block: int
    seed: int
    rank: int = 0
    ranks: int = 1

    def __post_init__(self) -> None:
        for stratum in self.strata:
            if stratum.count < self.ranks:
                raise ConfigError(
                    f"expected at least {self.ranks} {stratum.name}, one for each rank, found "
                    f"{stratum.count}. Start fewer ranks, or change what `balance` asks for"
                )

    @cached_property
    def quotas(self) -> tuple[int, ...]:
        """Patches of each stratum that this rank shows in an epoch."""
        return tuple(_share(stratum.quota, self.rank, self.ranks) for stratum in self.strata)

    @cached_property
    def total(self) -> int:
        """Patches this rank shows in an epoch, without those that fill up the last batch."""
        return sum(self.quotas)

    @cached_property
    def steps(self) -> int:
        """Batches in an epoch, the same on all ranks."""
        totals = [
            sum(_share(stratum.quota, rank, self.ranks) for stratum in self.strata)
            for rank in range(self.ranks)
        ]
        return -(-max(totals, default=0) // self.batch_size)

    @property
    def length(self) -> int:
        """Patches of this rank's batches in an epoch."""
        return self.steps * self.batch_size

    @property
    def largest(self) -> int:
        """Patches of the largest window, at most."""
        own = sum(-(-quota // self.windows) for quota in self.quotas) if self.windows else 0
        return own + self.length - self.total

    @cached_property
    def windows(self) -> int:
        """Windows in an epoch of this rank."""
        return -(-self.total // self.window)

    def begin(self, window: int) -> int:
        """Place in the epoch at which a window begins."""
        return sum(quota * window // self.windows for quota in self.quotas)

    def window_at(self, place: int) -> int:
        """Number of the window in which a place of the epoch lies."""
        return max(0, bisect_right(range(self.windows), place, key=self.begin) - 1)

    def epoch(self, number: int) -> Order:
        """The order of one epoch."""
        return Order(self, number)


class Order:
    """The patches of one epoch of one rank, drawn a window at a time.

    Depends on the drawing and the number of the epoch alone. What is held is one number for each
    block.

    Parameters
    ----------
    drawing : Drawing
    number : int
        Of the epoch.
    """

    def __init__(self, drawing: Drawing, number: int) -> None:
        self._drawing = drawing
        self._key = [drawing.seed, number, drawing.rank]
        begins = np.cumsum([0, *(stratum.count for stratum in drawing.strata)]).tolist()
        self._rows = [
            (begin, _Blocks(stratum.count, drawing, [*self._key, which]))
            for which, (begin, stratum) in enumerate(zip(begins, drawing.strata, strict=False))
        ]

    def window(self, number: int) -> npt.NDArray[np.int64]:
        """Patches of a window in the order they are shown, (K,) int64.

        After those of the last window come some from the head of the epoch, so that the last batch
        is whole.
        """
        own = self._drawn(number)
        drawing = self._drawing
        if number < drawing.windows - 1:
            return own
        return np.concatenate([own, self._head(drawing.length - drawing.total)])

    def _drawn(self, number: int) -> npt.NDArray[np.int64]:
        windows, (seed, *rest) = self._drawing.windows, self._key
        parts = [
            begin + blocks.between(quota * number // windows, quota * (number + 1) // windows)
            for (begin, blocks), quota in zip(self._rows, self._drawing.quotas, strict=True)
        ]
        chance = np.random.default_rng([seed, _WINDOWS, *rest, number])
        return chance.permutation(np.concatenate(parts))

    def _head(self, count: int) -> npt.NDArray[np.int64]:
        """The first patches of the epoch, over again where it is shorter."""
        drawing = self._drawing
        needed = drawing.window_at(min(count, drawing.total) - 1) + 1 if count else 0
        parts = [np.empty(0, np.int64), *(self._drawn(number) for number in range(needed))]
        return np.resize(np.concatenate(parts), count)


class _Blocks:
    """The blocks of one rank's share of a stratum, in the order of one epoch.

    The share is cut into blocks of equal length, and a last one that is shorter, or empty: the row
    is dealt out to the ranks a block each, as often as all get a whole one, and the rest in equal
    parts. In a small stratum blocks are shorter than asked for, so that an epoch which shows a part
    of it does not favour what stands first in its blocks.
    """

    def __init__(self, count: int, drawing: Drawing, key: list[int]) -> None:
        self._ranks, self._rank = drawing.ranks, drawing.rank
        self._block = min(drawing.block, max(1, count // (self._ranks * _AT_LEAST)))
        self._seed, *self._rest = key
        self._whole, rest = divmod(count, self._ranks * self._block)
        self._last_at = self._whole * self._ranks * self._block + rest * self._rank // self._ranks
        self._last = _share(rest, self._rank, self._ranks)
        self._turn, self._order, self._short_at = -1, np.empty(0, np.int64), 0

    def between(self, start: int, stop: int) -> npt.NDArray[np.int64]:
        """The patches shown from the `start`-th on and before the `stop`-th."""
        share = self._whole * self._block + self._last
        parts = [np.empty(0, np.int64)]
        while start < stop:
            turn, first = divmod(start, share)
            last = min(share, first + stop - start)
            parts.append(self._of_turn(turn, np.arange(first, last)))
            start += last - first
        return np.concatenate(parts)

    def _of_turn(self, turn: int, places: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Patches at some places of one turn through all blocks."""
        order = self._shuffled(turn)
        after = places >= self._short_at * self._block + self._last
        # the short block is taken for a whole one, and what comes after it moves along
        which, inside = np.divmod(places + after * (self._block - self._last), self._block)
        block = order[which]
        dealt = (block * self._ranks + self._rank) * self._block
        return np.where(block == self._whole, self._last_at, dealt) + inside

    def _shuffled(self, turn: int) -> npt.NDArray[np.int64]:
        if turn != self._turn:
            chance = np.random.default_rng([self._seed, _BLOCKS, *self._rest, turn])
            self._turn, self._order = turn, chance.permutation(self._whole + 1)
            self._short_at = int(np.argmax(self._order == self._whole))
        return self._order


def _share(count: int, rank: int, ranks: int) -> int:
    """How many of `count` things a rank gets; no two ranks differ by more than one."""
    return count * (rank + 1) // ranks - count * rank // ranks
