"""Areas as ASAP reads them: XML of polygons in groups, level-0 pixels.

ASAP's polygons have no holes. A hole is a polygon of the group ``Exclusion``, as in CAMELYON16;
where another area lies in the hole, only what is around that is excluded, in pieces without holes
of their own, so that tumour less exclusions is exactly what was to be drawn, in whatever order.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

import shapely

from common.annotations.xml_values import parse
from common.errors import ContractError, SlideError
from common.files import whole_file
from layer3_infer.drawn import EXCLUSION, Drawn, Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from xml.etree.ElementTree import Element

    from layer3_infer.drawn import Group

_ROOT: Final = "ASAP_Annotations"
_ADVICE: Final = "Run layer3-infer heatmap again"
_AREA: Final = 2  # dimensions of a polygon


def write_asap(path: Path, areas: Sequence[Drawn], source: Source) -> None:
    """Write the areas, whole or not at all; the same bytes every time."""
    said = {name: str(value) for name, value in asdict(source).items()}
    head = ET.tostring(ET.Element(_ROOT, said), encoding="unicode").replace(" />", ">")
    polygons = _without_holes(areas)
    with whole_file(path) as partial, partial.open("w", encoding="utf-8") as stream:
        stream.write(f'<?xml version="1.0"?>\n{head}\n<Annotations>\n')
        for drawn in polygons:
            stream.write(ET.tostring(_annotation(drawn), encoding="unicode") + "\n")
        stream.write("</Annotations>\n<AnnotationGroups>\n")
        for group in dict.fromkeys(drawn.group for drawn in polygons):
            stream.write(ET.tostring(_group(group), encoding="unicode") + "\n")
        stream.write(f"</AnnotationGroups>\n</{_ROOT}>\n")


def check_asap(path: Path, areas: Sequence[Drawn], source: Source) -> None:
    """Make sure that a file holds these areas and no others.

    Raises
    ------
    ContractError
        Naming what differs first.
    """
    root = _root(path)
    source.refuse_other(path, _source(path, root), "{}", _ADVICE)
    polygons = _without_holes(areas)
    found = root.findall("Annotations/Annotation")
    if len(found) != len(polygons):
        expected = f"{len(polygons)} with exclusions"
        raise ContractError(path, "Annotations", expected, f"{len(found)}", _ADVICE)
    for number, (element, drawn) in enumerate(zip(found, polygons, strict=True), 1):
        if _content(element) != _content(_annotation(drawn)):
            item, expected = f"Annotation {number}", f"{drawn.name} of its heatmap"
            raise ContractError(path, item, expected, "another", _ADVICE)


def read_source(path: Path) -> Source:
    """What the areas of an XML of ours were drawn from.

    Raises
    ------
    ContractError
        If it is none of ours, or cut off.
    """
    return _source(path, _root(path))


def _source(path: Path, root: Element) -> Source:
    said = dict(root.attrib)
    try:
        return Source(**{**said, "threshold": float(said["threshold"])})
    except (KeyError, TypeError, ValueError) as error:
        expected = "what the areas were drawn from"
        raise ContractError(path, _ROOT, expected, "nothing of ours", _ADVICE) from error


def _root(path: Path) -> Element:
    try:
        root = parse(path.read_bytes(), path)
    except (OSError, SlideError) as error:
        raise ContractError(path, "XML", "a whole document", str(error), _ADVICE) from error
    if root.tag != _ROOT:
        raise ContractError(path, "root element", _ROOT, repr(root.tag), _ADVICE)
    return root


def _content(element: Element) -> tuple[str | None, str | None, list[dict[str, str]]]:
    """Name, group and corners."""
    corners = [dict(corner.attrib) for corner in element.iterfind("Coordinates/Coordinate")]
    return element.get("Name"), element.get("PartOfGroup"), corners


def _annotation(drawn: Drawn) -> Element:
    values = {"Name": drawn.name, "Type": "Polygon", "PartOfGroup": drawn.group.name}
    element = ET.Element("Annotation", {**values, "Color": _hex(drawn.group)})
    corners = ET.SubElement(element, "Coordinates")
    ring = shapely.get_coordinates(drawn.polygon.exterior)[:-1].tolist()
    for order, (x, y) in enumerate(ring):
        ET.SubElement(corners, "Coordinate", Order=str(order), X=repr(x), Y=repr(y))
    return element


def _group(group: Group) -> Element:
    element = ET.Element("Group", Name=group.name, PartOfGroup="None", Color=_hex(group))
    ET.SubElement(element, "Attributes")
    return element


def _hex(group: Group) -> str:
    return "#{:02x}{:02x}{:02x}".format(*group.colour)


def _without_holes(areas: Sequence[Drawn]) -> list[Drawn]:
    """The areas filled up, each followed by what is cut out of it."""
    filled = [replace(drawn, polygon=shapely.Polygon(drawn.polygon.exterior)) for drawn in areas]
    trees = {
        group: shapely.STRtree([drawn.polygon for drawn in filled if drawn.group == group])
        for group in {drawn.group for drawn in filled}
    }
    return [
        polygon
        for drawn, whole in zip(areas, filled, strict=True)
        for polygon in (whole, *_exclusions(drawn, trees[drawn.group]))
    ]


def _exclusions(drawn: Drawn, exteriors: shapely.STRtree) -> Iterator[Drawn]:
    """What is cut out of an area: its holes, less the areas of its group that lie in them."""
    for ring in drawn.polygon.interiors:
        hole = shapely.Polygon(ring)
        islands = exteriors.geometries[exteriors.query(hole, predicate="contains")]
        for part in shapely.get_parts(shapely.difference(hole, shapely.union_all(islands))):
            for number, piece in enumerate(_opened(part), 1):
                yield Drawn(f"{drawn.name}, hole {number}", EXCLUSION, piece)


def _opened(polygon: shapely.Polygon) -> list[shapely.Polygon]:
    """`polygon` cut along whole pixels into polygons without holes."""
    if not polygon.interiors:
        return [polygon]
    left, top, right, bottom = polygon.bounds
    inner_left, _, inner_right, _ = polygon.interiors[0].bounds
    middle = round((inner_left + inner_right) / 2)
    halves = shapely.box(left, top, middle, bottom), shapely.box(middle, top, right, bottom)
    parts = shapely.get_parts(shapely.intersection(polygon, halves))
    areas = parts[shapely.get_dimensions(parts) == _AREA]  # a cut along an edge leaves lines, too
    return [piece for part in areas for piece in _opened(part)]
