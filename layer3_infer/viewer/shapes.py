"""Outlines of areas as SVG draws them, in level-0 pixels."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import shapely
from shapely.geometry import shape as geometry_of

from common.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

MOST_SHAPES: Final = 2_000
"""More outlines than a browser draws while it is dragged: the largest are shown."""


@dataclass(frozen=True)
class Shape:
    """An area with its holes.

    Attributes
    ----------
    path : str
        As the attribute ``d`` of an SVG path: whole level-0 px.
    box : (x, y, width, height), level-0 px
    measures : mapping of str to float
        What is known of it.
    """

    path: str
    box: tuple[int, int, int, int]
    measures: Mapping[str, float] = field(default_factory=dict)


def shapes_of(areas: shapely.MultiPolygon, tolerance: float) -> list[Shape]:
    """Each part of an area, the largest first; points nearer than `tolerance` px are dropped."""
    parts = sorted(areas.geoms, key=lambda part: -part.area)[:MOST_SHAPES]
    return [_shape(part, tolerance, {}) for part in parts]


def read_regions(path: Path, tolerance: float) -> list[Shape]:
    """The regions of a GeoJSON file that ``layer3-infer heatmap`` wrote, the largest first.

    Raises
    ------
    ContractError
        If it is not there, or no such file.
    """
    advice = "Run layer3-infer heatmap again"
    try:
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
        found = [(geometry_of(one["geometry"]), _measures(one["properties"])) for one in features]
    except OSError as error:
        raise ContractError(path, "regions", "a file", str(error.strerror), advice) from error
    except (ValueError, KeyError, TypeError, AttributeError, shapely.errors.ShapelyError) as error:
        raise ContractError(path, "regions", "GeoJSON", repr(error), advice) from error
    areas = [(area, said) for area, said in found if area.geom_type in {"Polygon", "MultiPolygon"}]
    areas.sort(key=lambda one: -one[0].area)
    return [_shape(area, tolerance, said) for area, said in areas[:MOST_SHAPES]]


def _measures(properties: Mapping[str, Any]) -> dict[str, float]:
    """By name, whether QuPath's list or its newer object."""
    given = properties.get("measurements") or {}
    pairs: Iterable[tuple[Any, Any]] = (
        given.items() if isinstance(given, dict) else ((one["name"], one["value"]) for one in given)
    )
    return {
        str(name): float(value)
        for name, value in pairs
        if isinstance(value, (int, float)) and not isinstance(value, bool)
    }


def _shape(area: Any, tolerance: float, measures: Mapping[str, float]) -> Shape:
    left, top, right, bottom = (round(value) for value in area.bounds)
    rings = shapely.get_rings(shapely.get_parts(shapely.simplify(area, tolerance)))
    path = "".join(_ring(ring) for ring in rings)
    return Shape(path, (left, top, right - left, bottom - top), measures)


def _ring(ring: Any) -> str:
    points = " ".join(f"{x:.0f},{y:.0f}" for x, y in shapely.get_coordinates(ring)[:-1])
    return f"M{points}Z"
