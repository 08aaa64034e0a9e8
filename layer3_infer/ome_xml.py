"""What an OME-TIFF of a heatmap says of itself: size, place, scale and origin, as OME-XML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from layer3_infer.averaged_map import MapPixels

if TYPE_CHECKING:
    from layer3_infer.heatmap_file import HeatmapFile

NAMESPACE: Final = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
FACTS: Final = "camnet-heatmap-image"
"""Namespace of the annotation that holds the facts."""

CHANNEL: Final = "P(tumor)"
_RULE: Final = (
    "Probability of tumour. Each pixel is the mean over the patches analysed that cover its "
    "centre. NaN: not analysed; never a probability. Coarser levels are means over the pixels "
    "analysed. Position is the outer corner of the first pixel on the slide."
)
_SCHEMA: Final = f"{NAMESPACE} {NAMESPACE}/ome.xsd"
_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"


def facts(made: HeatmapFile) -> dict[str, str]:
    """What a reader needs to find the map's place on the slide, and whose answer it is."""
    header, grid = made.header, made.heatmap.grid
    pixels = MapPixels.of(grid)
    return {
        "slide_id": header.slide_id,
        "slide_fingerprint": header.slide_fingerprint,
        "model_sha256": header.model_sha256,
        "config_sha256": header.config_sha256,
        "no_data": "NaN",
        "pixel_size_level0": str(pixels.edge),
        "origin_level0": f"{pixels.origin[0]},{pixels.origin[1]}",
        "patches_per_pixel": str(pixels.reach**2),
        "patch_size": str(header.patch_size),
        "patch_mpp": repr(header.patch_mpp),
        "patch_size_level0": str(grid.edge),
        "stride_level0": str(grid.stride),
        "level0_width": str(header.level0_width),
        "level0_height": str(header.level0_height),
        "level0_mpp": repr(header.level0_mpp),
        "trained_on_this_slide": str(header.trained_on_this_slide).lower(),
        "software": header.software,
    }


def ome_xml(made: HeatmapFile, shape: tuple[int, int]) -> bytes:
    """The OME-XML of the image of a heatmap, in ASCII; the same every time.

    Parameters
    ----------
    made : HeatmapFile
    shape : (rows, columns)
        Of the image.
    """
    ome = ET.Element("OME", {"xmlns": NAMESPACE, "xmlns:xsi": _XSI, "xsi:schemaLocation": _SCHEMA})
    image = ET.SubElement(ome, "Image", ID="Image:0", Name=made.header.slide_id)
    ET.SubElement(image, "Description").text = _RULE
    image.append(_pixels(made, shape))
    ET.SubElement(image, "AnnotationRef", ID="Annotation:0")
    structured = ET.SubElement(ome, "StructuredAnnotations")
    annotation = ET.SubElement(structured, "MapAnnotation", ID="Annotation:0", Namespace=FACTS)
    table = ET.SubElement(annotation, "Value")
    for name, value in facts(made).items():
        ET.SubElement(table, "M", K=name).text = value
    return ET.tostring(ome, encoding="us-ascii", xml_declaration=True)


def read_facts(description: str) -> dict[str, str]:
    """The facts in an OME-XML of ours; empty where there are none.

    Raises
    ------
    xml.etree.ElementTree.ParseError
        If it is no XML.
    """
    path = f"{{{NAMESPACE}}}StructuredAnnotations/{{{NAMESPACE}}}MapAnnotation"
    found = ET.fromstring(description).findall(path)  # noqa: S314 - a description holds no entities
    return {
        entry.get("K", ""): entry.text or ""
        for annotation in found
        if annotation.get("Namespace") == FACTS
        for entry in annotation.iter(f"{{{NAMESPACE}}}M")
    }


def _pixels(made: HeatmapFile, shape: tuple[int, int]) -> ET.Element:
    place, mpp = MapPixels.of(made.heatmap.grid), made.header.level0_mpp
    pixels = ET.Element(
        "Pixels",
        ID="Pixels:0",
        DimensionOrder="XYCZT",
        Type="float",
        SizeX=str(shape[1]),
        SizeY=str(shape[0]),
        SizeC="1",
        SizeZ="1",
        SizeT="1",
        PhysicalSizeX=repr(place.edge * mpp),
        PhysicalSizeXUnit="µm",
        PhysicalSizeY=repr(place.edge * mpp),
        PhysicalSizeYUnit="µm",
    )
    ET.SubElement(pixels, "Channel", ID="Channel:0:0", SamplesPerPixel="1", Name=CHANNEL)
    ET.SubElement(pixels, "TiffData", IFD="0", PlaneCount="1")
    ET.SubElement(
        pixels,
        "Plane",
        {f"The{axis}": "0" for axis in "CZT"},
        PositionX=repr(place.origin[0] * mpp),
        PositionXUnit="µm",
        PositionY=repr(place.origin[1] * mpp),
        PositionYUnit="µm",
    )
    return pixels
