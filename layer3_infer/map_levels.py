"""The averaged map of a heatmap as a pyramid of tiles, a band of rows at a time.

Each level halves the one before, exactly: the finest is filled up with NaN at its right and lower
rim until it can be halved that often. A pixel of a coarser level is the mean over the finest
pixels analysed in its square, and NaN only where there is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from layer3_infer.averaged_map import MapPixels, averaged_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from layer3_infer.heatmap import Heatmap

TILE: Final = 256
"""Edge of a tile, px."""

COARSEST: Final = 128
"""Longest side of the coarsest level, px."""


@dataclass(frozen=True)
class LevelSizes:
    """How large each level is.

    Attributes
    ----------
    shapes : tuple of (rows, columns)
        Finest first; at least one level of at least one pixel.
    """

    shapes: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, pixels: MapPixels) -> LevelSizes:
        """The levels of a map; one pixel where it has none."""
        count = 0
        while max(pixels.rows, pixels.columns) > COARSEST << count:
            count += 1
        rows, columns = (max(1, -(-n >> count)) for n in (pixels.rows, pixels.columns))
        halvings = range(count, -1, -1)
        return cls(tuple((rows << halving, columns << halving) for halving in halvings))


def level_tiles(heatmap: Heatmap) -> Iterator[Iterator[npt.NDArray[np.float32]]]:
    """The tiles of each level by row, then by column; a level is used up before the next is asked.

    Beside the heatmap there is one band of tiles in memory, and sums and counts of a quarter of
    the map's pixels.

    Yields
    ------
    iterator of (TILE, TILE) float32
        NaN where not analysed, and beyond the rim of the level.
    """
    finest, *coarser = LevelSizes.of(MapPixels.of(heatmap.grid)).shapes
    sums = _Sums.empty(coarser[0] if coarser else (0, 0))
    yield _finest_tiles(heatmap, finest, sums if coarser else None)
    for _ in coarser:
        yield _tiles(sums.mean())
        sums = sums.halved()


@dataclass(frozen=True, eq=False)
class _Sums:
    """Sum and number of the finest pixels analysed in each pixel of a coarser level."""

    total: npt.NDArray[np.float64]
    count: npt.NDArray[np.int32]

    @classmethod
    def empty(cls, shape: tuple[int, int]) -> _Sums:
        return cls(np.zeros(shape), np.zeros(shape, dtype=np.int32))

    @classmethod
    def of(cls, finest: npt.NDArray[np.float32]) -> _Sums:
        seen = ~np.isnan(finest)
        return cls(np.where(seen, finest, 0).astype(np.float64), seen.astype(np.int32))

    def halved(self) -> _Sums:
        """The same over squares of two by two; a last odd row or column is left out."""
        return _Sums(_by_fours(self.total), _by_fours(self.count))

    def mean(self) -> npt.NDArray[np.float32]:
        mean = np.full(self.total.shape, np.nan, dtype=np.float32)
        np.divide(self.total, self.count, out=mean, where=self.count > 0, casting="same_kind")
        return mean


def _finest_tiles(
    heatmap: Heatmap, shape: tuple[int, int], sums: _Sums | None
) -> Iterator[npt.NDArray[np.float32]]:
    """Tiles of the finest level; fills `sums`, those of the next, on the way."""
    pixels = MapPixels.of(heatmap.grid)
    for first in range(0, shape[0], TILE):
        last = min(first + TILE, shape[0])
        band = np.full((last - first, shape[1]), np.nan, dtype=np.float32)
        known = max(0, min(last, pixels.rows) - first)
        if known and pixels.columns:
            band[:known, : pixels.columns] = averaged_rows(heatmap, first, first + known)
        if sums is not None:
            half = _Sums.of(band).halved()
            sums.total[first // 2 : last // 2] = half.total
            sums.count[first // 2 : last // 2] = half.count
        yield from _tiles(band)


def _tiles(level: npt.NDArray[np.float32]) -> Iterator[npt.NDArray[np.float32]]:
    """A level, or a band of it, cut into whole tiles."""
    for row in range(0, level.shape[0], TILE):
        for column in range(0, level.shape[1], TILE):
            part = level[row : row + TILE, column : column + TILE]
            tile = np.full((TILE, TILE), np.nan, dtype=np.float32)
            tile[: part.shape[0], : part.shape[1]] = part
            yield tile


def _by_fours(level: npt.NDArray) -> npt.NDArray:
    rows, columns = (n // 2 * 2 for n in level.shape)
    even = level[:rows, :columns]
    return even[::2, ::2] + even[::2, 1::2] + even[1::2, ::2] + even[1::2, 1::2]
