"""A mask as GeoJSON that QuPath opens, corrects and gives back; level-0 px.

A FeatureCollection of annotations of the classes ``Tissue`` and ``Pen``, one for each piece. What
a person may draw: any polygon; one without a class is tissue, and ``Ignore*`` is cut out. Pen and
what is cut out are never tissue, in whatever order they are drawn.
"""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely
from shapely.errors import GEOSException

from common.annotations.geojson import UNCLASSIFIED, read_shapes
from common.annotations.shapes import merged, refusal, shown
from common.files import write_text
from common.tissue.mask import TissueMask, mask_shape
from common.tissue.mask_folder import mask_bytes
from common.tissue.outlines import filled, outlined

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from common.annotations.shapes import Shape
    from common.geometry import Pyramid

TISSUE: Final = "Tissue"
PEN: Final = "Pen"
COLOURS: Final = {TISSUE: (0, 150, 60), PEN: (230, 159, 0)}
_IGNORE: Final = "Ignore*"
_CLASSES: Final = {
    TISSUE.lower(): TISSUE,
    UNCLASSIFIED: TISSUE,
    "region*": TISSUE,
    PEN.lower(): PEN,
    _IGNORE.lower(): _IGNORE,
    "ignore": _IGNORE,
}
"""Class of each name a person may give, in lower case; `Region*` is what QuPath offers for it."""


def write_mask(path: Path, mask: TissueMask) -> None:
    """Write `mask` as GeoJSON, whole or not at all."""
    write_text(path, mask_text(mask))


def mask_text(mask: TissueMask) -> str:
    """`mask` as GeoJSON; the same mask gives the same text."""
    features = [*_features(mask, TISSUE), *_features(mask, PEN)]
    text = ",\n".join(json.dumps(feature, allow_nan=False) for feature in features)
    return f'{{"type": "FeatureCollection", "features": [\n{text}\n]}}\n'


def read_mask(path: Path, slide: Pyramid, mpp: float = 8.0) -> TissueMask:
    """The mask that the GeoJSON file `path` draws on `slide`.

    Parameters
    ----------
    path : Path
    slide : Pyramid
    mpp : float, um/px
        Scale of the mask; at the scale of the mask that was written, the same mask comes back.

    Raises
    ------
    SlideError
        Naming the file and the object at fault.
    """
    return mask_of(mask_bytes(path), path, slide, mpp)


def mask_of(data: bytes, path: Path, slide: Pyramid, mpp: float = 8.0) -> TissueMask:
    """The mask that `data`, what the GeoJSON file `path` holds, draws on `slide`.

    Raises
    ------
    SlideError
        Naming the file and the object at fault.
    """
    shape = mask_shape(slide, max(mpp, slide.mpp))
    scale = (slide.width / shape[1], slide.height / shape[0])
    planes = {name: filled(area, shape, scale) for name, area in areas_of(data, path).items()}
    tissue = planes[TISSUE] & ~planes[PEN] & ~planes[_IGNORE]
    return TissueMask(tissue, slide.width, slide.height, planes[PEN])


def areas_of(data: bytes, path: Path) -> dict[str, shapely.MultiPolygon]:
    """The area of each class that `data`, what the GeoJSON file `path` holds, draws; level-0 px.

    Raises
    ------
    SlideError
        Naming the file and the object at fault.
    """
    shapes = read_shapes(data, path)
    classes = [_class(shape, path, f"feature {at}") for at, shape in enumerate(shapes, 1)]
    return {name: _merged(shapes, classes, name, path) for name in (TISSUE, PEN, _IGNORE)}


def _class(shape: Shape, path: Path, item: str) -> str:
    known = [_CLASSES[key] for name in shape.names if (key := name.strip().lower()) in _CLASSES]
    if known:
        return known[0]
    if shape.area.is_empty:
        return _IGNORE  # a dot or a measurement draws nothing, whatever it is called
    advice = "Give it one of these in QuPath, or delete it"
    expected = f"the class {TISSUE}, {PEN} or {_IGNORE}"
    raise refusal(path, f"{item}: classification", expected, shown(shape.names[0]), advice)


def _merged(
    shapes: Sequence[Shape], classes: Sequence[str], wanted: str, path: Path
) -> shapely.MultiPolygon:
    pairs = zip(shapes, classes, strict=True)
    try:
        return merged(shape.area for shape, name in pairs if name == wanted)
    except GEOSException as error:
        raise refusal(path, "outlines", "areas that can be merged", shown(str(error))) from error


def _features(mask: TissueMask, name: str) -> Iterator[dict[str, Any]]:
    plane = mask.tissue if name == TISSUE else mask.pen
    scale = np.array([mask.width / plane.shape[1], mask.height / plane.shape[0]])
    for piece in outlined(plane):
        polygon = shapely.transform(piece, lambda points: np.round(points * scale, 3))
        yield {
            "type": "Feature",
            "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{name} {polygon.wkt}")),
            "geometry": json.loads(shapely.to_geojson(polygon)),
            "properties": {
                "objectType": "annotation",
                "classification": {"name": name, "color": list(COLOURS[name])},
                "isLocked": False,
            },
        }
