"""Whether a file of results is whole, and says what its heatmap says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from common.errors import ConfigError, ContractError
from layer3_infer import asap, geojson, heatmap_file
from layer3_infer.asap import check_asap
from layer3_infer.drawn import Drawn, Source, drawn_regions
from layer3_infer.geojson import check_geojson
from layer3_infer.heatmap_file import HeatmapFile, read_heatmap
from layer3_infer.ome_tiff import check_ome_tiff
from layer3_infer.patch_table import check_patch_table
from layer3_infer.regions import find_regions
from layer3_infer.results_folder import GEOJSON, OME_TIFF, TABLE, XML

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


def check_results(files: Sequence[Path]) -> dict[Path, ContractError | None]:
    """What is wrong with each file; None where nothing is.

    Heatmap files are held against their specification, what was made of a heatmap against the
    heatmap that lies beside it.

    Raises
    ------
    ConfigError
        If one is no file of results that can be checked.
    """
    checks = {path: _check_for(path) for path in files}
    return {path: _error(check, path) for path, check in checks.items()}


def _error(check: Callable[[Path], object], path: Path) -> ContractError | None:
    try:
        check(path)
    except ContractError as error:
        return error
    return None


def _check_for(path: Path) -> Callable[[Path], object]:
    for suffix, check in _CHECKS.items():
        if path.name.endswith(suffix):
            return check
    raise ConfigError(
        f"{path}: expected a file whose name ends in {', '.join(_CHECKS)}, found another. "
        "Name files that layer3-infer heatmap wrote"
    )


def _heatmap_of(path: Path, suffix: str) -> HeatmapFile:
    """The heatmap beside what was made of it."""
    return read_heatmap(path.with_name(path.name.removesuffix(suffix) + heatmap_file.SUFFIX))


def _ome_tiff(path: Path) -> None:
    check_ome_tiff(path, _heatmap_of(path, OME_TIFF))


def _geojson(path: Path) -> None:
    made, threshold = _heatmap_of(path, GEOJSON), geojson.read_source(path).threshold
    check_geojson(path, *_regions(made, threshold))


def _xml(path: Path) -> None:
    made, threshold = _heatmap_of(path, XML), asap.read_source(path).threshold
    check_asap(path, *_regions(made, threshold))


def _regions(made: HeatmapFile, threshold: float) -> tuple[list[Drawn], Source]:
    """What was to be drawn."""
    regions = find_regions(made.heatmap, made.header.level0_mpp, threshold)
    return drawn_regions(regions), Source.of(made.header, threshold)


def _table(path: Path) -> None:
    check_patch_table(path, _heatmap_of(path, TABLE).heatmap)


_CHECKS: Final[dict[str, Callable[[Path], object]]] = {
    heatmap_file.SUFFIX: heatmap_file.check,
    OME_TIFF: _ome_tiff,
    GEOJSON: _geojson,
    XML: _xml,
    TABLE: _table,
}
