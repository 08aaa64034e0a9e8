"""Regions as QuPath reads them: a GeoJSON FeatureCollection of annotations, level-0 pixels."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any, Final

import shapely

from common.files import write_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from layer3_infer.regions import Region

CLASS_NAME: Final = "Tumor"
COLOUR: Final = (200, 0, 0)
"""RGB of QuPath's own class of this name."""


def feature_collection(regions: Sequence[Region], source: str) -> dict[str, Any]:
    """The regions as one GeoJSON object.

    Parameters
    ----------
    regions : sequence of Region
    source : str
        What the regions come from; with their outline it determines their ids, so that writing
        the same result twice gives the same file.
    """
    return {"type": "FeatureCollection", "features": [_feature(r, source) for r in regions]}


def write_geojson(path: Path, regions: Sequence[Region], source: str) -> None:
    """Write the regions, whole or not at all."""
    text = json.dumps(feature_collection(regions, source), allow_nan=False)
    write_text(path, text + "\n")


def _feature(region: Region, source: str) -> dict[str, Any]:
    geometry = json.loads(shapely.to_geojson(region.polygon))
    return {
        "type": "Feature",
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{source} {region.polygon.wkt}")),
        "geometry": geometry,
        "properties": {
            "objectType": "annotation",
            "classification": {"name": CLASS_NAME, "color": list(COLOUR)},
            "isLocked": False,
            "measurements": {
                "Area um2": region.area_um2,
                "P(tumor) mean": region.mean_probability,
                "P(tumor) max": region.max_probability,
                "Patches": region.patches,
            },
        },
    }
