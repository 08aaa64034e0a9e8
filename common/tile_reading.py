"""Patches cut from the tiles of a level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from common.resampling import Cut, reduced
from common.tile_decoder import TileDecoder
from common.tile_store import TileStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from common.tiff_layout import TiledLevel
    from common.tile_file import TileFile

    Pixels = npt.NDArray[np.uint8]
    Slices = tuple[slice, slice]

HELD_BYTES: Final = 384 << 20
"""Most bytes of decoded tiles held. Two rows of tiles across a slide of 100,000 px take 300 MiB."""

_WHITE: Final = 255


class TileReading:
    """Patches at places known beforehand, read in their order. See `common.slides.Reading`.

    Parameters
    ----------
    stored : TiledLevel
    file : TileFile
    cut : Cut
    corners : (N, 2) int64, px of the level
    size : int, px
        Edge of the patches returned.
    reader : str
    """

    def __init__(
        self,
        stored: TiledLevel,
        file: TileFile,
        cut: Cut,
        corners: npt.NDArray[np.int64],
        size: int,
        reader: str,
    ) -> None:
        self.reader = reader
        self._stored = stored
        self._cut = cut
        self._corners = corners
        self._size = size
        tile = stored.tile_width * stored.tile_height * 3
        uses = _uses(stored, corners, cut.edge)
        self._decoder = TileDecoder(stored, file)
        self._tiles = TileStore(self._decoder.decoded, uses, HELD_BYTES // tile)

    def __len__(self) -> int:
        return len(self._corners)

    def read(self, start: int, stop: int) -> tuple[Pixels, npt.NDArray[np.bool_]]:
        """Patches `start` to `stop`. See `common.slides.Reading.read`."""
        corners = self._corners[start:stop].tolist()
        patches = np.empty((len(corners), self._size, self._size, 3), dtype=np.uint8)
        readable = np.ones(len(corners), dtype=bool)
        for row, (x, y) in enumerate(corners):
            if self._cut.edge == self._size:
                readable[row] = self._paint(patches[row], x, y)
                continue
            region = np.empty((self._cut.edge, self._cut.edge, 3), dtype=np.uint8)
            readable[row] = self._paint(region, x, y)
            patches[row] = reduced(region, (self._size, self._size))
        return patches, readable

    def _paint(self, region: Pixels, x: int, y: int) -> bool:
        """Fill in what lies at (x, y), px of the level; whether all of it decoded."""
        readable, edge = True, region.shape[0]
        if x < 0 or y < 0 or x + edge > self._stored.width or y + edge > self._stored.height:
            region.fill(_WHITE)
        for place, source, target in _pieces(self._stored, x, y, edge):
            tile = self._tiles.get(place)
            if tile is None:
                region[target], readable = _WHITE, False
            else:
                region[target] = tile[source]
            if (over := self._tiles.release(place)) is not None:
                self._decoder.reuse(over)
        return readable


def _pieces(
    stored: TiledLevel, x: int, y: int, edge: int
) -> Iterator[tuple[tuple[int, int], Slices, Slices]]:
    """Each tile a square touches: its place, what it has of the square, and where that goes."""
    across = _spans(x, edge, stored.tile_width, stored.width)
    for row, down_in, down_out in _spans(y, edge, stored.tile_height, stored.height):
        for column, across_in, across_out in across:
            yield (row, column), (down_in, across_in), (down_out, across_out)


def _spans(start: int, edge: int, tile: int, length: int) -> list[tuple[int, slice, slice]]:
    """Along one axis: number of the tile, the span inside it, the span inside the square."""
    first, last = max(start, 0), min(start + edge, length)
    spans = []
    for number in range(first // tile, -(-last // tile)) if first < last else ():
        low, high = max(first, number * tile), min(last, (number + 1) * tile)
        inside = slice(low - number * tile, high - number * tile)
        spans.append((number, inside, slice(low - start, high - start)))
    return spans


def _uses(stored: TiledLevel, corners: npt.NDArray[np.int64], edge: int) -> npt.NDArray[np.int64]:
    """How many of the squares touch each tile, (rows, columns) int64."""
    rows, columns = stored.offsets.shape
    marks = np.zeros((rows + 1, columns + 1), dtype=np.int64)
    left, right = _touched(corners[:, 0], edge, stored.tile_width, stored.width)
    top, bottom = _touched(corners[:, 1], edge, stored.tile_height, stored.height)
    inside = (left < right) & (top < bottom)
    left, right, top, bottom = left[inside], right[inside], top[inside], bottom[inside]
    for down, across, sign in (
        (top, left, 1),
        (top, right, -1),
        (bottom, left, -1),
        (bottom, right, 1),
    ):
        np.add.at(marks, (down, across), sign)
    return marks.cumsum(axis=0).cumsum(axis=1)[:rows, :columns]


def _touched(
    start: npt.NDArray[np.int64], edge: int, tile: int, length: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """First tile a span touches along one axis, and the one after the last."""
    first, last = np.maximum(start, 0), np.minimum(start + edge, length)
    return first // tile, np.where(first < last, -(-last // tile), first // tile)
