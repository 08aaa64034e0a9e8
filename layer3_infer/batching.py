"""Batches filled across slides: the last patches of one share a batch with the first of the next.

Nothing is read here. An answer does not depend on its company, so neither do heatmaps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy as np
    import numpy.typing as npt


class Patches(Protocol):
    """The patches of one slide that the network is asked about.

    Attributes
    ----------
    given_up : bool
        Whether no more of them are wanted.
    """

    given_up: bool

    def __len__(self) -> int: ...

    def read(self, start: int, stop: int) -> npt.NDArray[np.uint8]:
        """Pixels of the patches `start` to `stop`, (K, S, S, 3) uint8 RGB."""
        ...


P = TypeVar("P", bound=Patches)


@dataclass(frozen=True)
class Span(Generic[P]):
    """Patches of one slide that follow one another.

    Attributes
    ----------
    patches : Patches
    start, stop : int
        The first of them, and the one after the last.
    """

    patches: P
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start

    def read(self) -> npt.NDArray[np.uint8]:
        """Their pixels, (K, S, S, 3) uint8 RGB."""
        return self.patches.read(self.start, self.stop)


def filled(slides: Iterable[P], size: int) -> Iterator[list[Span[P]]]:
    """Spans that together hold `size` patches, slide after slide; the last batch may hold fewer.

    Every slide is in at least one batch, also one without patches. A slide is asked for when its
    first patches are needed.

    Examples
    --------
    >>> class Few:
    ...     given_up = False
    ...     __len__ = lambda self: 3
    >>> [[(span.start, span.stop) for span in batch] for batch in filled([Few(), Few()], 4)]
    [[(0, 3), (0, 1)], [(1, 3)]]
    """
    batch: list[Span[P]] = []
    room = size
    for patches in slides:
        if not len(patches):
            batch.append(Span(patches, 0, 0))
        start = 0
        while start < len(patches) and not patches.given_up:
            stop = min(start + room, len(patches))
            batch.append(Span(patches, start, stop))
            room -= stop - start
            start = stop
            if not room:
                yield batch
                batch, room = [], size
    if batch:
        yield batch
