"""Tiles made lately, within a bound of bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable


class TileCache:
    """Least recently used goes first. Threads may share it.

    Parameters
    ----------
    most : int, bytes
        Of all tiles together; a tile that alone is larger is not kept.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.held = 0
        self._tiles: OrderedDict[Hashable, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], bytes]) -> bytes:
        """The tile of `key`; made where it is not there. Two threads at once may both make it."""
        with self._lock:
            if key in self._tiles:
                self._tiles.move_to_end(key)
                return self._tiles[key]
        tile = make()
        with self._lock:
            self._keep(key, tile)
        return tile

    def _keep(self, key: Hashable, tile: bytes) -> None:
        self.held += len(tile) - len(self._tiles.pop(key, b""))
        self._tiles[key] = tile
        while self.held > self.most:
            _, gone = self._tiles.popitem(last=False)
            self.held -= len(gone)
