"""Aperio ImageScope XML: layers of regions.

``Annotations/Annotation`` is a layer, ``Regions/Region`` an object of it with its corners in
``Vertices/Vertex``, in level-0 px. A layer is named by its `Name`, or by the values and names of
its ``Attributes``; a region may say more in its `Text`, which counts before the layer where it is
a known name. A region with ``NegativeROA="1"`` is cut out where its layer is tumour. An ellipse is
stored as the corners of its bounding box; rulers, arrows and counters enclose nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

from common.annotations.groups import Meaning, meaning
from common.annotations.shapes import Shape, enclosed, refusal, shown
from common.annotations.xml_values import number

if TYPE_CHECKING:
    from pathlib import Path
    from xml.etree.ElementTree import Element

    import numpy.typing as npt

ROOT: Final = "Annotations"
_OUTLINES: Final = ("0", "1")
_ELLIPSE: Final = "2"
_NO_AREAS: Final = ("3", "4", "5")
_BOX_CORNERS: Final = 4
_ELLIPSE_POINTS: Final = 128
_CUT_OUT: Final = "Exclusion"
_HEADINGS: Final = ("description", "region", "length", "area", "text")
"""What ImageScope itself calls its columns: no name of a layer."""


def read_shapes(root: Element, source: Path) -> list[Shape]:
    """Every region of the ImageScope document `root`.

    Raises
    ------
    SlideError
        Naming `source` and the region at fault.
    """
    return [
        shape
        for at, layer in enumerate(root.iterfind("Annotation"), 1)
        for shape in _layer(layer, at, source)
    ]


def _layer(layer: Element, at: int, source: Path) -> list[Shape]:
    names = _said([layer.get("Name"), *_attributes(layer)]) or [f"layer {layer.get('Id', at)}"]
    regions = enumerate(layer.iterfind("Regions/Region"), 1)
    return [
        _shape(region, names, source, f"layer {shown(names[0])}: region {region.get('Id', no)}")
        for no, region in regions
    ]


def _shape(region: Element, layer: list[str], source: Path, item: str) -> Shape:
    texts = _said([region.get("Text"), *_attributes(region)])
    known = [text for text in texts if meaning([text]) is not Meaning.UNKNOWN]
    names = (*known, *layer, *texts)
    kind = region.get("Type", "0").strip()
    if kind in _NO_AREAS:
        return Shape(names, shapely.MultiPolygon())
    if kind not in (*_OUTLINES, _ELLIPSE):
        numbers = "a number from 0 to 5"
        raise refusal(source, f"{item}: Type", numbers, shown(kind), "Redraw it as a polygon")
    area = enclosed([[_outline(region, kind, source, item)]], source, item)
    if region.get("NegativeROA", "0").strip() in ("", "0"):
        return Shape(names, area)
    if meaning(names) is Meaning.TUMOR:
        return Shape((_CUT_OUT, *names), area)
    return Shape(names, shapely.MultiPolygon())


def _outline(region: Element, kind: str, source: Path, item: str) -> npt.NDArray[np.float64]:
    points = [
        (number(vertex, "X", source, item), number(vertex, "Y", source, item))
        for vertex in region.iterfind("Vertices/Vertex")
    ]
    outline = np.asarray(points, np.float64).reshape(-1, 2)
    boxed = kind == _ELLIPSE and 2 <= len(outline) <= _BOX_CORNERS
    return _ellipse(outline) if boxed else outline


def _ellipse(corners: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The ellipse that touches all sides of the box around `corners`, as a polygon."""
    low, high = corners.min(axis=0), corners.max(axis=0)
    turn = np.linspace(0, 2 * np.pi, _ELLIPSE_POINTS, endpoint=False)
    unit = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    return low / 2 + high / 2 + unit * (high / 2 - low / 2)


def _attributes(element: Element) -> list[str | None]:
    """Values, then names, of the attributes a person gave to a layer or a region."""
    found = element.findall("Attributes/Attribute")
    return [one.get("Value") for one in found] + [one.get("Name") for one in found]


def _said(texts: list[str | None]) -> list[str]:
    """Those of `texts` that a person may have written, each once."""
    plain = [text.strip() for text in texts if text]
    return list(dict.fromkeys(text for text in plain if text and text.lower() not in _HEADINGS))
