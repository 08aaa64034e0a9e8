"""Annotations as ASAP writes them and CAMELYON17 publishes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

GROUP: Final = "metastases"
_REGION_COLOUR: Final = "#F4FA58"
_GROUP_COLOUR: Final = "#ff0000"


def asap_xml(lesions: tuple[npt.NDArray[np.float64], ...]) -> str:
    """The XML of polygons of tumour, (V, 2) level-0 px each, to a tenth of a pixel."""
    root = ET.Element("ASAP_Annotations")
    regions = ET.SubElement(root, "Annotations")
    for number, lesion in enumerate(lesions):
        region = ET.SubElement(
            regions,
            "Annotation",
            Name=f"Annotation {number}",
            Type="Polygon",
            PartOfGroup=GROUP,
            Color=_REGION_COLOUR,
        )
        corners = ET.SubElement(region, "Coordinates")
        for order, (x, y) in enumerate(lesion):
            place = {"Order": str(order), "X": f"{x:.1f}", "Y": f"{y:.1f}"}
            ET.SubElement(corners, "Coordinate", place)
    groups = ET.SubElement(root, "AnnotationGroups")
    group = ET.SubElement(groups, "Group", Name=GROUP, PartOfGroup="None", Color=_GROUP_COLOUR)
    ET.SubElement(group, "Attributes")
    ET.indent(root, "\t")
    return '<?xml version="1.0"?>\n' + ET.tostring(root, encoding="unicode") + "\n"
