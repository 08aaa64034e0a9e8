"""The tiles of a level, decoded one at a time."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

import numpy as np

from common.tile_jpeg import decode

if TYPE_CHECKING:
    import numpy.typing as npt

    from common.tiff_layout import TiledLevel
    from common.tile_file import TileFile

    Pixels = npt.NDArray[np.uint8]

_MOST_SPARE: Final = 64
_ROOM: Final = 1 << 20
"""Bytes a tile may take beyond those of its pixels; one that takes more is damage, not JPEG."""

_WHITE: Final = 255


class TileDecoder:
    """Reads and decodes tiles, for many threads at once.

    Parameters
    ----------
    stored : TiledLevel
    file : TileFile
    """

    def __init__(self, stored: TiledLevel, file: TileFile) -> None:
        self._stored = stored
        self._file = file
        self._spare: deque[Pixels] = deque(maxlen=_MOST_SPARE)

    def decoded(self, place: tuple[int, int]) -> Pixels | None:
        """The tile at (row, column); white where the file has none, None if it does not decode."""
        stored = self._stored
        pixels = self._blank()
        length = int(stored.lengths[place])
        if length == 0:
            pixels.fill(_WHITE)
            return pixels
        if length > pixels.nbytes + _ROOM:
            return None
        encoded = self._file.read(int(stored.offsets[place]), length)
        return pixels if decode(encoded, stored.tables, stored.colours, pixels) else None

    def reuse(self, tile: Pixels) -> None:
        """Take back a tile that nobody reads any more, so that the heap does not grow."""
        self._spare.append(tile)

    def _blank(self) -> Pixels:
        try:
            return self._spare.pop()
        except IndexError:
            shape = (self._stored.tile_height, self._stored.tile_width, 3)
            return np.empty(shape, dtype=np.uint8)
