"""One drawn object of an annotation file, before anything is known of what it means.

Everything is in level-0 pixels. What a file may hold that no slide can have is refused here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

from common.errors import SlideError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import numpy.typing as npt

FARTHEST: Final = 1e7
"""Largest coordinate taken for a place on a slide, level-0 px; a metre at 0.1 um/px."""

GRID: Final = 1024
"""Corners are rounded to 1/1024 px. Finer digits are no one's pen, and merging areas a hair apart
is where floating point fails."""

_FEWEST_POINTS: Final = 3
_LONGEST: Final = 60
_REDRAW: Final = "Redraw or delete it"


@dataclass(frozen=True, eq=False)
class Shape:
    """One drawn object.

    Attributes
    ----------
    names : tuple of str
        Its group or class, then what that belongs to, nearest first; at least one.
    area : shapely.MultiPolygon, level-0 px
        What it encloses; empty for a dot, a line or a measurement.
    """

    names: tuple[str, ...]
    area: shapely.MultiPolygon


def polygonal(geometry: shapely.Geometry) -> shapely.MultiPolygon:
    """The polygons of `geometry`; lines and points are left behind."""
    parts = shapely.get_parts(shapely.get_parts(geometry))
    areas = [part for part in parts if isinstance(part, shapely.Polygon) and not part.is_empty]
    return shapely.MultiPolygon(areas)


def merged(areas: Iterable[shapely.Geometry]) -> shapely.MultiPolygon:
    """Everything that at least one of `areas` covers."""
    return polygonal(shapely.union_all(list(areas)))


def enclosed(
    outlines: Sequence[Sequence[npt.NDArray[np.float64]]], source: Path, item: str
) -> shapely.MultiPolygon:
    """The area inside `outlines`, mended where an outline crosses itself.

    Parameters
    ----------
    outlines : sequence of sequences of (K, 2) float64, level-0 px
        One sequence per polygon: its exterior, then its holes. Closed or not.
    source, item : Path, str
        The file and the object, for the message of an error.

    Returns
    -------
    shapely.MultiPolygon, level-0 px
        Valid. A loop that the hand drew twice is covered once, never a hole.

    Raises
    ------
    SlideError
        If a ring has fewer than 3 points or lies outside any slide, or nothing is enclosed.
    """
    polygons = []
    for rings in outlines:
        for ring in rings:
            _check(ring, source, item)
        exterior, *holes = (np.round(ring * GRID) / GRID for ring in rings)
        polygons.append(shapely.Polygon(exterior, holes))
    valid = shapely.make_valid(np.asarray(polygons), method="structure", keep_collapsed=False)
    area = merged(valid)
    if not area.area > 0:
        raise refusal(
            source, item, "an outline around an area", "one that encloses nothing", _REDRAW
        )
    return area


def _check(ring: npt.NDArray[np.float64], source: Path, item: str) -> None:
    """Refuse a ring that is no outline on a slide."""
    closed = len(ring) > 1 and np.array_equal(ring[0], ring[-1])
    if (points := len(ring) - closed) < _FEWEST_POINTS:
        raise refusal(source, item, "an outline of 3 points or more", str(points), _REDRAW)
    on_slide = np.abs(ring) <= FARTHEST
    if not on_slide.all():
        found = str(ring[~on_slide][0])
        raise refusal(source, item, f"level-0 pixels within {FARTHEST:,.0f}", found)


def refusal(source: Path, item: str, expected: str, found: str, advice: str = "") -> SlideError:
    """The error that says what is wrong with `item` of the annotation file `source`."""
    tail = f". {advice}" if advice else ""
    return SlideError(f"{source}: {item}: expected {expected}, found {found}{tail}")


def shown(value: object) -> str:
    """`value` as it appears in a message: quoted, printable and short."""
    text = ascii(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
