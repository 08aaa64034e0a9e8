"""Areas as QuPath reads them: a GeoJSON FeatureCollection of annotations, level-0 pixels.

After RFC 7946: rings are closed, exteriors counter-clockwise in (x, y) and holes clockwise. What
the areas were drawn from is a member of the collection, which other programs pass over.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import shapely

from common.errors import ContractError
from common.files import whole_file
from layer3_infer.drawn import Source

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from layer3_infer.drawn import Drawn

SOURCE: Final = "camnet"
"""Member of the collection that says what its areas were drawn from."""

_ADVICE: Final = "Run layer3-infer heatmap again"


def feature(drawn: Drawn, source: Source) -> dict[str, Any]:
    """One area as a GeoJSON feature."""
    return {
        "type": "Feature",
        "id": drawn.id_in(str(source)),
        "geometry": json.loads(shapely.to_geojson(drawn.polygon)),
        "properties": {
            "objectType": "annotation",
            "name": drawn.name,
            "classification": {"name": drawn.group.name, "color": list(drawn.group.colour)},
            "isLocked": False,
            "measurements": dict(drawn.measurements),
        },
    }


def write_geojson(path: Path, areas: Sequence[Drawn], source: Source) -> None:
    """Write the areas, whole or not at all, one feature per line; the same bytes every time."""
    head = {"type": "FeatureCollection", SOURCE: asdict(source)}
    with whole_file(path) as partial, partial.open("w", encoding="utf-8") as stream:
        stream.write(f'{json.dumps(head, allow_nan=False)[:-1]}, "features": [')
        for number, drawn in enumerate(areas):
            stream.write(",\n" if number else "\n")
            stream.write(json.dumps(feature(drawn, source), allow_nan=False))
        stream.write("\n]}\n")


def read_source(path: Path) -> Source:
    """What the areas of a GeoJSON file of ours were drawn from.

    Raises
    ------
    ContractError
        If it is none of ours, or cut off.
    """
    return _source(path, _document(path))


def check_geojson(path: Path, areas: Sequence[Drawn], source: Source) -> None:
    """Make sure that a file holds these areas and no others.

    Raises
    ------
    ContractError
        Naming what differs first.
    """
    document = _document(path)
    source.refuse_other(path, _source(path, document), SOURCE + ".{}", _ADVICE)
    features = document.get("features")
    if not isinstance(features, list) or len(features) != len(areas):
        found = f"{len(features)}" if isinstance(features, list) else "none"
        raise ContractError(path, "features", f"{len(areas)}", found, _ADVICE)
    for number, (found, drawn) in enumerate(zip(features, areas, strict=True), 1):
        if found != feature(drawn, source):
            expected = f"{drawn.name} of its heatmap"
            raise ContractError(path, f"feature {number}", expected, "another", _ADVICE)


def _document(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        expected = "a whole JSON document"
        raise ContractError(path, "GeoJSON", expected, str(error), _ADVICE) from error
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        raise ContractError(path, "type", "FeatureCollection", "something else", _ADVICE)
    return document


def _source(path: Path, document: dict[str, Any]) -> Source:
    try:
        return Source(**document[SOURCE])
    except (KeyError, TypeError) as error:
        expected = "what the areas were drawn from"
        raise ContractError(path, SOURCE, expected, "nothing of ours", _ADVICE) from error
