"""ASAP XML: the annotation format of CAMELYON16 and CAMELYON17.

``ASAP_Annotations/Annotations/Annotation`` holds an object each: a `Type`, its group in
`PartOfGroup`, and the corners in level-0 px, in the order that `Order` counts. A group may be
part of another (``AnnotationGroups/Group``). A spline is taken as straight lines between its
points. Numbers may have a decimal comma, as ASAP writes them under some languages.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import ParseError

import defusedxml.ElementTree
import numpy as np
import shapely
from defusedxml.common import DefusedXmlException

from common.annotations.shapes import Shape, enclosed, refusal, shown

if TYPE_CHECKING:
    from pathlib import Path
    from xml.etree.ElementTree import Element

    import numpy.typing as npt

_AREAS: Final = ("polygon", "spline", "rectangle")
_NO_AREAS: Final = ("dot", "pointset", "measurement")


def read_shapes(data: bytes, source: Path) -> list[Shape]:
    """Every object of the ASAP file `data`.

    Raises
    ------
    SlideError
        Naming `source` and the object at fault.
    """
    root = _root(data, source)
    parents = {
        group.get("Name", ""): group.get("PartOfGroup", "")
        for group in root.iterfind("AnnotationGroups/Group")
    }
    return [
        _shape(element, parents, source, f"annotation {shown(element.get('Name', number))}")
        for number, element in enumerate(root.iterfind("Annotations/Annotation"))
    ]


def _root(data: bytes, source: Path) -> Element:
    try:
        root = defusedxml.ElementTree.fromstring(data)
    except DefusedXmlException as error:
        raise refusal(source, "XML", "no entities", shown(str(error)), "Remove them") from error
    except (ParseError, LookupError, ValueError) as error:
        raise refusal(source, "XML", "a well-formed document", shown(str(error))) from error
    if root.tag != "ASAP_Annotations" or root.find("Annotations") is None:
        raise refusal(
            source,
            "root element",
            "ASAP_Annotations with Annotations in it",
            _kind(root),
            "Readable are ASAP XML and QuPath GeoJSON: export the annotation as one of them",
        )
    return root


def _kind(root: Element) -> str:
    """The root element, and the program it comes from where that is known."""
    if root.tag == "Annotations" and root.find("Annotation/Regions") is not None:
        return "Annotations (Aperio ImageScope)"
    return shown(root.tag)


def _shape(element: Element, parents: dict[str, str], source: Path, item: str) -> Shape:
    kind = element.get("Type", "")
    names = _names(element.get("PartOfGroup", "None"), parents)
    if kind.lower() in _NO_AREAS:
        return Shape(names, shapely.MultiPolygon())
    if kind.lower() not in _AREAS:
        known = ", ".join(_AREAS + _NO_AREAS)
        raise refusal(source, f"{item}: Type", f"one of {known}", shown(kind))
    return Shape(names, enclosed([[_outline(element, source, item)]], source, item))


def _names(group: str, parents: dict[str, str]) -> tuple[str, ...]:
    """`group` and the groups it is part of, each once."""
    names = [group]
    while (parent := parents.get(names[-1], "None")) not in (*names, "None", ""):
        names.append(parent)
    return tuple(names)


def _outline(element: Element, source: Path, item: str) -> npt.NDArray[np.float64]:
    corners = element.findall("Coordinates/Coordinate")
    points = [(_number(c, "X", source, item), _number(c, "Y", source, item)) for c in corners]
    outline = np.asarray(points, np.float64).reshape(-1, 2)
    return outline[_order(corners, source, item)]


def _order(corners: list[Element], source: Path, item: str) -> npt.NDArray[np.intp]:
    """Positions of the corners as `Order` counts them; as they stand where none is numbered."""
    if all(corner.get("Order") is None for corner in corners):
        return np.arange(len(corners))
    order = [_number(corner, "Order", source, item) for corner in corners]
    if len(set(order)) < len(order):
        raise refusal(source, f"{item}: Order", "each number once", "one twice")
    return np.argsort(order)


def _number(corner: Element, name: str, source: Path, item: str) -> float:
    text = corner.get(name, "")
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise refusal(source, f"{item}: {name}", "a number", shown(text))
    return value
