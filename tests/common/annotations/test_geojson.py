from __future__ import annotations

import json
from pathlib import Path

import pytest
import shapely

from common.annotations.geojson import UNCLASSIFIED, read_shapes
from common.errors import SlideError

SOURCE = Path("slide.geojson")
RING = [[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]
HOLE = [[2, 2], [4, 2], [4, 4], [2, 4], [2, 2]]
POLYGON = {"type": "Polygon", "coordinates": [RING]}


def feature(geometry=POLYGON, classification="Tumor", **properties):
    properties["classification"] = classification
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def shapes(document):
    return read_shapes(json.dumps(document).encode(), SOURCE)


def polygon(*rings):
    return {"type": "Polygon", "coordinates": list(rings)}


@pytest.mark.parametrize(
    "document",
    [feature(), [feature()], {"type": "FeatureCollection", "features": [feature()]}],
    ids=["one feature", "a list", "a collection"],
)
def test_every_form_of_the_file_is_read(document):
    (shape,) = shapes(document)

    assert shape.names == ("Tumor",)
    assert shape.area.equals(shapely.box(0, 0, 10, 10))


@pytest.mark.parametrize(
    ("geometry", "area"),
    [
        (polygon(RING, HOLE), 96),
        ({"type": "MultiPolygon", "coordinates": [[RING], [HOLE]]}, 100),
        ({"type": "GeometryCollection", "geometries": [polygon(RING, HOLE), polygon(HOLE)]}, 100),
        (polygon([[*point, 0] for point in RING]), 100),
        (polygon(RING[:-1]), 100),
        ({"type": "Point", "coordinates": [1, 1]}, 0),
        ({"type": "LineString", "coordinates": RING}, 0),
        ({"type": "GeometryCollection", "geometries": []}, 0),
        (None, 0),
    ],
)
def test_the_area_of_every_geometry_is_read(geometry, area):
    (shape,) = shapes(feature(geometry))

    assert shape.area.area == area


@pytest.mark.parametrize(
    ("classification", "names"),
    [
        ({"name": "Tumor", "color": [200, 0, 0]}, ("Tumor",)),
        ({"name": "Tumor", "colorRGB": -3670016}, ("Tumor",)),
        ({"name": "Tumor: Positive"}, ("Tumor: Positive", "Tumor")),
        ({"names": ["Tumor", "Positive"]}, ("Tumor: Positive", "Tumor")),
        ("Tumor", ("Tumor",)),
        (None, (UNCLASSIFIED,)),
        ({}, (UNCLASSIFIED,)),
        ("", (UNCLASSIFIED,)),
        ("\ud800", ("?",)),
    ],
)
def test_the_class_is_read_in_every_form(classification, names):
    (shape,) = shapes(feature(classification=classification))

    assert shape.names == names


def test_a_feature_without_properties_has_no_class():
    (shape,) = shapes([{"type": "Feature", "geometry": POLYGON, "properties": None}])

    assert shape.names == (UNCLASSIFIED,)


@pytest.mark.parametrize("key", ["objectType", "object_type"])
def test_a_detected_cell_draws_no_area(key):
    detection, drawn = shapes([feature(**{key: "detection"}), feature(**{key: "annotation"})])

    assert detection.area.is_empty
    assert drawn.area.area == 100


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"type": "FeatureCollection"}, "features: expected a list, found nothing"),
        ({"type": "FeatureCollection", "features": 3}, "features: expected a list, found 3"),
        ({"type": "Topology"}, "type: expected FeatureCollection.* found 'Topology'"),
        ({}, "type: .* found None"),
        ("tumour", "type: .* found 'tumour'"),
        ([{"type": "Feature"}], "feature 1: expected a feature with a geometry"),
        ([feature(), 5], "feature 2: .* found 5"),
        (feature({"type": "Blob"}), "feature 1: geometry: .* found 'Blob'"),
        (feature([]), "feature 1: geometry"),
        (feature({"type": ["Polygon"]}), "geometry"),
        (feature(polygon()), r"coordinates: expected a list of rings, found \[\]"),
        (feature({"type": "Polygon"}), "coordinates: expected a list of rings, found None"),
        (feature({"type": "MultiPolygon"}), "coordinates: expected a list, found nothing"),
        (feature({"type": "GeometryCollection"}), "geometries: expected a list"),
        (feature(polygon([])), "points"),
        (feature(polygon(RING[:2]), name="first"), r"feature 1 \('first'\): .*3 points or more"),
        (feature(polygon([[0, 0], [5, 0], [0, 0]])), "3 points or more, found 2"),
        (feature(polygon([["0", "0"], *RING])), "points"),
        (feature(polygon([[0], *RING])), "points"),
        (feature(polygon([[10**400, 0], *RING])), "points"),
        (feature(polygon([[float("nan"), 0], *RING])), "level-0 pixels within"),
        (feature(polygon([[1e9, 0], *RING])), "level-0 pixels within"),
        (feature(classification=7), "classification: expected a name, found 7"),
        ([feature() | {"properties": [1]}], "properties: expected an object"),
    ],
)
def test_what_cannot_be_read_is_refused_by_item(document, said):
    with pytest.raises(SlideError, match=rf"^slide.geojson: .*{said}"):
        shapes(document)


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe\xfa", b"[" * 100_000, b"9" * 5000])
def test_what_is_no_geojson_is_refused(data):
    with pytest.raises(SlideError, match=r"slide.geojson: "):
        read_shapes(data, SOURCE)


def test_deeply_nested_coordinates_are_refused():
    deep = b"[" * 400 + b"]" * 400
    data = b'{"type":"Feature","geometry":{"type":"Polygon","coordinates":[' + deep + b"]}}"

    with pytest.raises(SlideError, match="coordinates"):
        read_shapes(data, SOURCE)
