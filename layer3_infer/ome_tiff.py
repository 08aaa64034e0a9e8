"""The averaged map of a heatmap as a tiled pyramid that QuPath, Bio-Formats and GDAL open.

float32, NaN where not analysed. `layer3_infer.averaged_map` says what a pixel is,
`layer3_infer.ome_xml` what the file says of itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

import numpy as np
import tifffile

from common.errors import DAMAGE, ContractError
from common.files import whole_file
from layer3_infer.averaged_map import MapPixels
from layer3_infer.map_levels import TILE, LevelSizes, level_tiles
from layer3_infer.ome_xml import facts, ome_xml, read_facts

if TYPE_CHECKING:
    from pathlib import Path

    from layer3_infer.heatmap_file import HeatmapFile

_NO_DATA_TAG: Final = (42113, 2, 0, "nan", True)
"""GDAL_NODATA: the value that means nothing is known, for programs that do not read OME-XML."""

_CLASSIC_BYTES: Final = 1 << 31
_ADVICE: Final = "Run layer3-infer heatmap again"


def write_ome_tiff(path: Path, made: HeatmapFile) -> None:
    """Write the image, whole or not at all; the same bytes every time.

    Memory beside the heatmap: 3 bytes per entry of it, and a band of tiles.
    """
    place = MapPixels.of(made.heatmap.grid)
    sizes = LevelSizes.of(place).shapes
    per_cm = 1e4 / (place.edge * made.header.level0_mpp)
    big = 4 * sizes[0][0] * sizes[0][1] > _CLASSIC_BYTES
    with whole_file(path) as partial, tifffile.TiffWriter(partial, bigtiff=big) as tiff:
        for level, tiles in enumerate(level_tiles(made.heatmap)):
            first = level == 0
            tiff.write(
                tiles,
                shape=sizes[level],
                dtype=np.float32,
                tile=(TILE, TILE),
                photometric="minisblack",
                compression="zlib",
                description=ome_xml(made, sizes[0]) if first else None,
                resolution=(per_cm / 2**level, per_cm / 2**level),
                resolutionunit="CENTIMETER",
                subifds=len(sizes) - 1 if first else None,
                subfiletype=0 if first else 1,
                extratags=[_NO_DATA_TAG],
                software=False,
                metadata=None,
            )


def check_ome_tiff(path: Path, made: HeatmapFile) -> None:
    """Make sure that a file is the whole image of a heatmap, bit for bit.

    Raises
    ------
    ContractError
        Naming what differs first.
    """
    try:
        with tifffile.TiffFile(path) as tiff:
            _check_facts(path, tiff, made)
            _check_levels(path, tiff, made)
    except ContractError:
        raise
    except DAMAGE as error:
        raise ContractError(path, "TIFF", "one that decodes", str(error), _ADVICE) from error


def _check_facts(path: Path, tiff: tifffile.TiffFile, made: HeatmapFile) -> None:
    """The description is what we write; where it differs, by the first fact that does."""
    shape = LevelSizes.of(MapPixels.of(made.heatmap.grid)).shapes[0]
    found, wanted = tiff.pages.first.description, ome_xml(made, shape).decode("ascii")
    if found == wanted:
        return
    try:
        said = read_facts(found)
    except ET.ParseError:
        said = {}
    for name, value in facts(made).items():
        if said.get(name) != value:
            raise ContractError(path, name, repr(value), repr(said.get(name)), _ADVICE)
    raise ContractError(path, "ImageDescription", "the OME-XML of its heatmap", "another", _ADVICE)


def _check_levels(path: Path, tiff: tifffile.TiffFile, made: HeatmapFile) -> None:
    levels = tiff.series[0].levels
    found = tuple(level.shape for level in levels)
    wanted = LevelSizes.of(MapPixels.of(made.heatmap.grid)).shapes
    if found != wanted or any(level.dtype != np.float32 for level in levels):
        raise ContractError(path, "levels", f"{wanted} float32", f"{found}", _ADVICE)
    for number, tiles in enumerate(level_tiles(made.heatmap)):
        page = levels[number].keyframe
        for (stored, index, (_, rows, columns, _)), tile in zip(
            page.segments(), tiles, strict=True
        ):
            inside = np.s_[:rows, :columns]  # of a tile that reaches over the rim
            if stored is None or not np.array_equal(
                stored[0, ..., 0][inside], tile[inside], equal_nan=True
            ):
                item = f"level {number}, tile at row {index[2]}, column {index[3]}"
                found = "none" if stored is None else "others"
                raise ContractError(path, item, "the means of its heatmap", found, _ADVICE)
