"""GeoJSON as QuPath exports it.

A FeatureCollection, a bare list of features (QuPath 0.2) or one feature. Coordinates are level-0
px. The class is ``properties.classification``: an object with `name` (0.2 to 0.5), with `names`
from the base class on (where a class is derived), or the name itself (other programs). A feature
without a class is counted as ``(none)``. Only annotations draw areas: a detection, cell or tile is
an object that was counted, and says nothing about what lies around it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely

from common.annotations.shapes import Shape, enclosed, refusal, shown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

UNCLASSIFIED: Final = "(none)"
_NO_AREAS: Final = ("Point", "MultiPoint", "LineString", "MultiLineString")


def read_shapes(data: bytes, source: Path) -> list[Shape]:
    """Every feature of the GeoJSON file `data`.

    Raises
    ------
    SlideError
        Naming `source` and the feature at fault.
    """
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise refusal(source, "JSON", "a GeoJSON document", shown(str(error))) from error
    features = _features(document, source)
    return [_shape(feature, source, f"feature {at}") for at, feature in enumerate(features, 1)]


def _features(document: Any, source: Path) -> list[Any]:
    if isinstance(document, list):
        return document
    kind = document.get("type") if isinstance(document, dict) else None
    if kind == "Feature":
        return [document]
    if kind == "FeatureCollection":
        features = document.get("features")
        if isinstance(features, list):
            return features
        raise refusal(source, "features", "a list", _found(document, "features"))
    raise refusal(
        source,
        "type",
        "FeatureCollection, Feature or a list of features",
        shown(kind) if isinstance(document, dict) else shown(document),
        "Export the annotation from QuPath as GeoJSON",
    )


def _shape(feature: Any, source: Path, item: str) -> Shape:
    if not isinstance(feature, dict) or "geometry" not in feature:
        raise refusal(source, item, "a feature with a geometry", shown(feature))
    properties = feature.get("properties") or {}
    if not isinstance(properties, dict):
        raise refusal(source, f"{item}: properties", "an object", shown(properties))
    if label := properties.get("name"):
        item = f"{item} ({shown(label)})"
    names = _names(properties.get("classification"), source, item)
    outlines = _outlines(feature["geometry"], source, item)
    if not outlines or not _is_annotation(properties):
        return Shape(names, shapely.MultiPolygon())
    return Shape(names, enclosed(outlines, source, item))


def _is_annotation(properties: dict[str, Any]) -> bool:
    """Whether a person drew it. QuPath 0.3 spells the key with an underscore."""
    kind = properties.get("objectType", properties.get("object_type"))
    return kind in (None, "annotation")


def _names(classification: Any, source: Path, item: str) -> tuple[str, ...]:
    """The class, then its base: ``Tumor: Positive`` is derived from ``Tumor``."""
    name = classification
    if isinstance(classification, dict):
        name = classification.get("name", classification.get("names"))
    if isinstance(name, list) and all(isinstance(part, str) for part in name):
        name = ": ".join(name)
    if name is None or name == "":
        return (UNCLASSIFIED,)
    if not isinstance(name, str):
        raise refusal(source, f"{item}: classification", "a name", shown(classification))
    printable = name.encode("utf-8", "replace").decode("utf-8")
    base = printable.partition(":")[0]
    return (printable,) if base == printable else (printable, base)


def _outlines(geometry: Any, source: Path, item: str) -> list[Sequence[npt.NDArray[np.float64]]]:
    """Rings of every polygon in `geometry`; none where it is null, points or lines."""
    outlines: list[Sequence[npt.NDArray[np.float64]]] = []
    waiting = [] if geometry is None else [geometry]
    while waiting:
        part = waiting.pop()
        kind = part.get("type") if isinstance(part, dict) else None
        if kind == "GeometryCollection":
            waiting += _list(part, "geometries", source, item)
        elif kind == "MultiPolygon":
            polygons = _list(part, "coordinates", source, item)
            outlines += [_rings(polygon, source, item) for polygon in polygons]
        elif kind == "Polygon":
            outlines.append(_rings(part.get("coordinates"), source, item))
        elif kind not in _NO_AREAS:
            found = shown(part if kind is None else kind)
            raise refusal(source, f"{item}: geometry", "a GeoJSON geometry", found)
    return outlines


def _list(part: dict[str, Any], key: str, source: Path, item: str) -> list[Any]:
    if not isinstance(part.get(key), list):
        raise refusal(source, f"{item}: {key}", "a list", _found(part, key))
    return part[key]


def _rings(rings: Any, source: Path, item: str) -> list[npt.NDArray[np.float64]]:
    if not isinstance(rings, list) or not rings:
        raise refusal(source, f"{item}: coordinates", "a list of rings", shown(rings))
    return [_ring(ring, source, item) for ring in rings]


def _ring(ring: Any, source: Path, item: str) -> npt.NDArray[np.float64]:
    """One ring as (K, 2), without a third coordinate."""
    try:
        points = np.asarray(ring)
    except ValueError:
        points = np.empty(0)
    if points.dtype.kind not in "iuf" or points.ndim != 2 or points.shape[-1] < 2:
        raise refusal(source, f"{item}: coordinates", "points [x, y] in numbers", shown(ring))
    return points[:, :2].astype(np.float64)


def _found(part: dict[str, Any], key: str) -> str:
    return shown(part[key]) if key in part else "nothing"
