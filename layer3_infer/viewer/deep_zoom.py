"""Deep Zoom: a picture cut into tiles at every power of two.

Level 0 is one pixel; the last level is the picture itself, each before it half as large, rounded
up. A tile's pixels are whole multiples of level-0 pixels of the slide, so nothing drifts.
"""

from __future__ import annotations

from dataclasses import dataclass

from common.geometry import Box


@dataclass(frozen=True)
class DeepZoom:
    """The tiles of one picture.

    Attributes
    ----------
    width, height : int, level-0 px
    tile : int, px
        Edge of a tile; those at the right and lower edge may be smaller.

    Examples
    --------
    >>> zoom = DeepZoom(1000, 600, tile=256)
    >>> zoom.levels, zoom.factor(8), zoom.size(8), zoom.tiles(8)
    (11, 4, (250, 150), (1, 1))
    """

    width: int
    height: int
    tile: int

    @property
    def levels(self) -> int:
        """Number of levels."""
        return (max(self.width, self.height) - 1).bit_length() + 1

    def factor(self, level: int) -> int:
        """Level-0 px per px of `level`."""
        return 1 << (self.levels - 1 - level)

    def size(self, level: int) -> tuple[int, int]:
        """Width and height of `level`, px."""
        factor = self.factor(level)
        return -(-self.width // factor), -(-self.height // factor)

    def tiles(self, level: int) -> tuple[int, int]:
        """Columns and rows of tiles of `level`."""
        width, height = self.size(level)
        return -(-width // self.tile), -(-height // self.tile)

    def has(self, level: int, column: int, row: int) -> bool:
        """Whether there is such a tile."""
        if not 0 <= level < self.levels:
            return False
        columns, rows = self.tiles(level)
        return 0 <= column < columns and 0 <= row < rows

    def shape(self, level: int, column: int, row: int) -> tuple[int, int]:
        """(H, W) of a tile, px."""
        width, height = self.size(level)
        return (
            min(self.tile, height - row * self.tile),
            min(self.tile, width - column * self.tile),
        )

    def box(self, level: int, column: int, row: int) -> Box:
        """What a tile shows, level-0 px; its last pixels may reach beyond the slide."""
        factor = self.factor(level)
        height, width = self.shape(level, column, row)
        step = self.tile * factor
        return Box(column * step, row * step, width * factor, height * factor)

    def descriptor(self, kind: str) -> str:
        """The ``.dzi`` file, for other viewers; `kind` is the suffix of the tiles."""
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<Image xmlns="http://schemas.microsoft.com/deepzoom/2008" '
            f'Format="{kind}" Overlap="0" TileSize="{self.tile}">'
            f'<Size Width="{self.width}" Height="{self.height}"/></Image>\n'
        )
