"""Where a tiled TIFF keeps the JPEG tiles of each level.

TIFF 6.0 (1992) and its Technical Note 2 (1995) say how JPEG is stored; BigTIFF differs in its
offsets alone. Reads the directories, never a pixel.
"""

from __future__ import annotations

import logging
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import tifffile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

MOST_TILE_PX: Final = 1 << 24
"""A tile said to have more pixels is no scanner's."""

_JPEG: Final = 7
_COLOURS: Final = {2: "RGB", 6: "YCBCR"}
_DAMAGE: Final = (
    tifffile.TiffFileError,
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
)
log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class TiledLevel:
    """One level of a slide as its file stores it.

    Attributes
    ----------
    width, height : int, px of the level
    tile_width, tile_height : int, px of the level
    offsets, lengths : (rows, columns) int64
        First byte of each tile in the file, and number of bytes; length 0 where there is no tile.
    tables : bytes or None
        JPEG tables the tiles share.
    colours : {"YCBCR", "RGB"}
        What the tiles' three components are.
    """

    width: int
    height: int
    tile_width: int
    tile_height: int
    offsets: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]
    tables: bytes | None
    colours: str


def tiled_levels(path: Path, sizes: Sequence[tuple[int, int]]) -> dict[int, TiledLevel]:
    """The levels of a slide that are tiles of 8-bit JPEG colour.

    Parameters
    ----------
    path : Path
    sizes : sequence of (width, height), px
        Of the levels, finest first; a directory is told by its size.

    Returns
    -------
    dict of level to TiledLevel
        Without the levels stored in another way; empty where the file is no TIFF, or damaged.
    """
    try:
        with tifffile.TiffFile(path) as tiff:
            stored = [page for page in tiff.pages if _is_own(page)]
            found = {level: _only(stored, size) for level, size in enumerate(sizes)}
            return {level: _level(page) for level, page in found.items() if page is not None}
    except _DAMAGE as error:
        log.debug("%s: no tiled TIFF: %s", path, error)
        return {}


def _is_own(page: Any) -> bool:
    """Whether a directory describes tiles of 8-bit JPEG colour, upright and side by side."""
    return (
        page.is_tiled
        and page.compression == _JPEG
        and page.photometric in _COLOURS
        and (page.samplesperpixel, page.bitspersample, page.imagedepth) == (3, 8, 1)
        and page.planarconfig == 1
        and page.tags.valueof("Orientation", 1) == 1
        and 0 < page.tilewidth * page.tilelength <= MOST_TILE_PX
        and not (page.description.startswith("Aperio") and 0 in page.databytecounts)
    )  # a tile missing in an Aperio file stands for a piece of another level


def _only(pages: Sequence[Any], size: tuple[int, int]) -> Any:
    """The directory of this size; None where there is none, or more than one."""
    fitting = [page for page in pages if (page.imagewidth, page.imagelength) == size]
    return fitting[0] if len(fitting) == 1 else None


def _level(page: Any) -> TiledLevel:
    rows = -(-page.imagelength // page.tilelength)
    columns = -(-page.imagewidth // page.tilewidth)
    offsets, lengths = (
        np.asarray(values, dtype=np.int64).reshape(rows, columns)
        for values in (page.dataoffsets, page.databytecounts)
    )
    return TiledLevel(
        width=page.imagewidth,
        height=page.imagelength,
        tile_width=page.tilewidth,
        tile_height=page.tilelength,
        offsets=offsets,
        lengths=lengths,
        tables=page.jpegtables,
        colours=_COLOURS[page.photometric],
    )
