"""Read the annotation of a slide, whichever program wrote it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from shapely.errors import GEOSException

from common.annotations import asap, geojson
from common.annotations.groups import compose
from common.annotations.shapes import refusal, shown

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from common.annotations.regions import Annotations
    from common.annotations.shapes import Shape

_BY_SUFFIX: Final = {
    ".xml": asap.read_shapes,
    ".geojson": geojson.read_shapes,
    ".json": geojson.read_shapes,
}
_BY_START: Final = {b"<": asap.read_shapes, b"{": geojson.read_shapes, b"[": geojson.read_shapes}
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


def read_annotations(path: Path) -> Annotations:
    """The tumour that `path`, ASAP XML or QuPath GeoJSON, draws.

    The suffix says which format it is (.xml, .geojson, .json); the first character where it
    does not. `common.annotations.groups` says which groups are tumour and which are cut out.

    Raises
    ------
    SlideError
        Naming the file and the object at fault: the file cannot be read, has another format, or
        draws what cannot be on a slide. Nothing else is raised, whatever the file holds.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise refusal(path, "annotation", "a readable file", shown(error.strerror)) from error
    read_shapes = _format(path, data)
    try:
        return compose(read_shapes(data, path))
    except GEOSException as error:
        raise refusal(path, "outlines", "areas that can be merged", shown(str(error))) from error


def _format(path: Path, data: bytes) -> Callable[[bytes, Path], list[Shape]]:
    start = data.removeprefix(_BYTE_ORDER_MARK).lstrip()[:1]
    found = _BY_SUFFIX.get(path.suffix.lower()) or _BY_START.get(start)
    if found is None:
        head = shown(data[:20])
        raise refusal(path, "annotation", "ASAP XML or QuPath GeoJSON", f"a file opening {head}")
    return found
