"""Read the annotation of a slide, whichever program wrote it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from shapely.errors import GEOSException

from common.annotations import asap, geojson, imagescope
from common.annotations.groups import compose
from common.annotations.mask import read_mask
from common.annotations.shapes import refusal, shown
from common.annotations.xml_values import parse

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from common.annotations.regions import Annotations
    from common.annotations.shapes import Shape
    from common.geometry import Pyramid

_MASK_SUFFIXES: Final = frozenset({".tif", ".tiff"})
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_TIFF_STARTS: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def read_annotations(
    path: Path, slide: Pyramid | None = None, mask_tumor: int | None = None
) -> Annotations:
    """The tumour that `path`, ASAP or ImageScope XML, QuPath GeoJSON or a mask TIFF, marks.

    The suffix says which format it is (.xml, .geojson, .json, .tif, .tiff); the first bytes where
    it does not, and the root element which program wrote the XML. `common.annotations.groups` says
    which groups are tumour and which are cut out, `common.annotations.mask` which number.

    Parameters
    ----------
    path : Path
    slide : Pyramid or None
        Of the annotated slide; only a mask needs it, to find its place.
    mask_tumor : int or None, 1 to 255
        The number that means tumour in a mask; None takes 255 in a mask of 0 and 255, no other.

    Raises
    ------
    SlideError
        Naming the file and the object at fault: the file cannot be read, has another format, or
        draws what cannot be on a slide. Nothing else is raised, whatever the file holds.
    """
    try:
        if is_mask(path):
            return read_mask(path, _placed(path, slide), mask_tumor)
        data = path.read_bytes()
        return compose(_format(path, data)(data, path))
    except OSError as error:
        found = shown(error.strerror)
        raise refusal(path, "annotation", "a readable file", found) from error
    except GEOSException as error:
        raise refusal(path, "outlines", "areas that can be merged", shown(str(error))) from error


def is_mask(path: Path) -> bool:
    """Whether `path` is taken for a mask TIFF.

    Raises
    ------
    OSError
        If it has another suffix and cannot be read.
    """
    if path.suffix.lower() in _MASK_SUFFIXES:
        return True
    if path.suffix.lower() in _BY_SUFFIX:
        return False
    with path.open("rb") as stream:
        return stream.read(4) in _TIFF_STARTS


def _placed(path: Path, slide: Pyramid | None) -> Pyramid:
    if slide is None:
        raise refusal(path, "mask", "its slide, to find its place", "none")
    return slide


def _of_xml(data: bytes, source: Path) -> list[Shape]:
    root = parse(data, source)
    module = imagescope if root.tag == imagescope.ROOT else asap
    return module.read_shapes(root, source)


_BY_SUFFIX: Final = {
    ".xml": _of_xml,
    ".geojson": geojson.read_shapes,
    ".json": geojson.read_shapes,
}
_BY_START: Final = {b"<": _of_xml, b"{": geojson.read_shapes, b"[": geojson.read_shapes}


def _format(path: Path, data: bytes) -> Callable[[bytes, Path], list[Shape]]:
    start = data.removeprefix(_BYTE_ORDER_MARK).lstrip()[:1]
    found = _BY_SUFFIX.get(path.suffix.lower()) or _BY_START.get(start)
    if found is None:
        known = "ASAP or ImageScope XML, QuPath GeoJSON or a mask TIFF"
        raise refusal(path, "annotation", known, f"a file opening {shown(data[:20])}")
    return found
