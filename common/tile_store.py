"""Decoded tiles of a slide, each decoded once and kept until its last use.

A tile is the TIFF specification's word for the rectangle a file stores on its own; patches are cut
from several.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import Future
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import numpy.typing as npt

    Tile = npt.NDArray[np.uint8]
    Place = tuple[int, int]


class TileStore:
    """Tiles for many threads at once.

    A tile asked for by two threads is decoded by the first; the second waits for it. With every
    use counted beforehand, a tile is dropped after its last one, and nothing is decoded twice as
    long as no more than `capacity` tiles are wanted at a time; beyond that the oldest go.

    Parameters
    ----------
    decode : callable
        (row, column) of a tile to its pixels, or None where they do not decode.
    uses : (rows, columns) int
        How often each tile will be asked for and released; changed in place.
    capacity : int
        Most tiles held.
    """

    def __init__(
        self, decode: Callable[[Place], Tile | None], uses: npt.NDArray[np.int64], capacity: int
    ) -> None:
        self._decode = decode
        self._uses = uses
        self._capacity = max(1, capacity)
        self._held: dict[Place, Future[Tile | None]] = {}
        self._readers: Counter[Place] = Counter()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._held)

    def get(self, place: Place) -> Tile | None:
        """The pixels of a tile until `release`; None where they do not decode."""
        with self._lock:
            self._readers[place] += 1
            future = self._held.get(place)
            first = future is None
            if future is None:
                while len(self._held) >= self._capacity:
                    del self._held[next(iter(self._held))]
                future = self._held[place] = Future()
        try:
            if first:
                self._decode_into(future, place)
            return future.result()
        except BaseException:
            with self._lock:
                self._leave(place)
            raise

    def release(self, place: Place) -> Tile | None:
        """Say that one of the counted uses is over.

        Returns
        -------
        (H, W, 3) uint8 or None
            The tile, after its last use: nobody reads it any more, so its memory may be used again.
        """
        with self._lock:
            self._uses[place] -= 1
            alone = self._leave(place)
            over = alone and self._uses[place] <= 0
            last = self._held.pop(place, None) if over else None
        return None if last is None else last.result()

    def _decode_into(self, future: Future[Tile | None], place: Place) -> None:
        try:
            future.set_result(self._decode(place))
        except BaseException as error:
            with self._lock:  # whoever waits is told; whoever asks later may have more luck
                if self._held.get(place) is future:
                    del self._held[place]
            future.set_exception(error)
            raise

    def _leave(self, place: Place) -> bool:
        """One reader less, under the lock; whether it was the last."""
        self._readers[place] -= 1
        if alone := self._readers[place] <= 0:
            del self._readers[place]
        return alone
