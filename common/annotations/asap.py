"""ASAP XML: the annotation format of CAMELYON16 and CAMELYON17.

``ASAP_Annotations/Annotations/Annotation`` holds an object each: a `Type`, its group in
`PartOfGroup`, and the corners in level-0 px, in the order that `Order` counts. A group may be
part of another (``AnnotationGroups/Group``). A spline is taken as straight lines between its
points. Numbers may have a decimal comma, as ASAP writes them under some languages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

from common.annotations.shapes import Shape, enclosed, refusal, shown
from common.annotations.xml_values import number

if TYPE_CHECKING:
    from pathlib import Path
    from xml.etree.ElementTree import Element

    import numpy.typing as npt

_AREAS: Final = ("polygon", "spline", "rectangle")
_NO_AREAS: Final = ("dot", "pointset", "measurement")


def read_shapes(root: Element, source: Path) -> list[Shape]:
    """Every object of the ASAP document `root`.

    Raises
    ------
    SlideError
        Naming `source` and the object at fault.
    """
    if root.tag != "ASAP_Annotations" or root.find("Annotations") is None:
        raise refusal(
            source,
            "root element",
            "ASAP_Annotations with Annotations in it",
            shown(root.tag),
            "Readable are ASAP and Aperio ImageScope XML, QuPath GeoJSON and mask TIFFs: export "
            "the annotation as one of them",
        )
    parents = {
        group.get("Name", ""): group.get("PartOfGroup", "")
        for group in root.iterfind("AnnotationGroups/Group")
    }
    return [
        _shape(element, parents, source, f"annotation {shown(element.get('Name', at))}")
        for at, element in enumerate(root.iterfind("Annotations/Annotation"))
    ]


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
    points = [(number(c, "X", source, item), number(c, "Y", source, item)) for c in corners]
    outline = np.asarray(points, np.float64).reshape(-1, 2)
    return outline[_order(corners, source, item)]


def _order(corners: list[Element], source: Path, item: str) -> npt.NDArray[np.intp]:
    """Positions of the corners as `Order` counts them; as they stand where none is numbered."""
    if all(corner.get("Order") is None for corner in corners):
        return np.arange(len(corners))
    order = [number(corner, "Order", source, item) for corner in corners]
    if len(set(order)) < len(order):
        raise refusal(source, f"{item}: Order", "each number once", "one twice")
    return np.argsort(order)
