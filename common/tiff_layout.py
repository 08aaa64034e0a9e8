"""Where a tiled TIFF keeps the JPEG tiles of each level.

TIFF 6.0 (1992) and its Technical Note 2 (1995) say how JPEG is stored; BigTIFF differs in its
offsets alone. Reads the directories, never a pixel.
"""

from __future__ import annotations

import logging
import struct
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import tifffile

from common.errors import DAMAGE
from common.tile_jpeg import shared_tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

MOST_TILE_PX: Final = 1 << 24
"""A tile said to have more pixels is no scanner's."""

_MOST_DIRECTORIES: Final = 1_000
"""A slide has a dozen. Those after these are not looked at."""

_JPEG: Final = 7
_COLOURS: Final = {2: "RGB", 6: "YCBCR"}
_DAMAGE: Final = (*DAMAGE, tifffile.TiffFileError, AttributeError, struct.error)
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
    tables : bytes
        JPEG segments the tiles share; may be empty.
    colours : {"YCBCR", "RGB"}
        What the tiles' three components are.
    """

    width: int
    height: int
    tile_width: int
    tile_height: int
    offsets: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]
    tables: bytes
    colours: str


def tiled_levels(path: Path, sizes: Sequence[tuple[int, int]]) -> list[TiledLevel | str]:
    """The levels of a slide as its file stores them.

    Parameters
    ----------
    path : Path
    sizes : sequence of (width, height), px
        Of the levels, finest first; a directory is told by its size.

    Returns
    -------
    list of TiledLevel or str
        One per level; in words what it is where it is not tiles of 8-bit JPEG colour.
    """
    try:
        with tifffile.TiffFile(path) as tiff:
            pages = list(_directories(tiff))
            if _borrows(pages):
                return [
                    "tiles missing, for which Aperio's readers take those of another level"
                ] * len(sizes)
            return [_stored(pages, size) for size in sizes]
    except _DAMAGE as error:
        log.debug("%s: no tiled TIFF: %s", path, error)
        return [f"no TIFF that can be read ({error})"] * len(sizes)


def _directories(tiff: Any) -> Iterator[Any]:
    """The directories of a file up to a sane number, none twice: a chain may run in a circle."""
    seen: set[int] = set()
    for page in islice(tiff.pages, _MOST_DIRECTORIES):
        if page.offset in seen:
            return
        seen.add(page.offset)
        yield page


def _stored(pages: Sequence[Any], size: tuple[int, int]) -> TiledLevel | str:
    fitting = [page for page in pages if (page.imagewidth, page.imagelength) == size]
    if len(fitting) != 1:
        return f"{len(fitting)} directories of its size"
    found = _unlike(fitting[0])
    return found or _level(fitting[0])


def _unlike(page: Any) -> str:
    """What a directory has instead of tiles of 8-bit JPEG colour, upright; empty where it has."""
    stored = (page.samplesperpixel, page.bitspersample, page.imagedepth, page.planarconfig)
    if not page.is_tiled:
        return "strips in place of tiles"
    if page.compression != _JPEG:
        return f"compression {getattr(page.compression, 'name', page.compression)}"
    if page.photometric not in _COLOURS or stored != (3, 8, 1, 1):
        return "other pixels than three colours of 8 bits side by side"
    if page.tags.valueof("Orientation", 1) != 1:
        return "pixels that are not upright"
    if not 0 < page.tilewidth * page.tilelength <= MOST_TILE_PX:
        return f"tiles of {page.tilewidth} x {page.tilelength} px"
    return ""


def _borrows(pages: Sequence[Any]) -> bool:
    """Whether tiles are missing that Aperio's readers make from another level, coarser ones too."""
    return pages[0].description.startswith("Aperio") and any(
        0 in page.databytecounts for page in pages if page.is_tiled
    )


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
        tables=shared_tables(page.jpegtables),
        colours=_COLOURS[page.photometric],
    )
