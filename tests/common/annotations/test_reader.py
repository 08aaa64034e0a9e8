from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from common.annotations import read_annotations
from common.errors import SlideError

ASAP = b"""<?xml version="1.0"?>
<ASAP_Annotations><Annotations>
<Annotation Name="Annotation 0" Type="Polygon" PartOfGroup="metastases"><Coordinates>
<Coordinate Order="0" X="0.5" Y="0" /><Coordinate Order="1" X="20" Y="0" />
<Coordinate Order="2" X="20" Y="20" /><Coordinate Order="3" X="0.5" Y="20" />
</Coordinates></Annotation>
<Annotation Name="Annotation 1" Type="Rectangle" PartOfGroup="normal"><Coordinates>
<Coordinate Order="0" X="0" Y="0" /><Coordinate Order="1" X="10" Y="0" />
<Coordinate Order="2" X="10" Y="10" /><Coordinate Order="3" X="0" Y="10" />
</Coordinates></Annotation>
</Annotations><AnnotationGroups><Group Name="metastases" PartOfGroup="None" /></AnnotationGroups>
</ASAP_Annotations>"""
GEOJSON = json.dumps(
    {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": {
                    "type": "Polygon",
                    "coordinates": [[[0, 0], [20, 0], [20, 20], [0, 20], [0, 0]]],
                },
                "properties": {"objectType": "annotation", "classification": {"name": "Tumor"}},
            }
        ],
    }
).encode()

IMAGESCOPE = b"""<Annotations MicronsPerPixel="0.25"><Annotation Id="1" Name="Tumor"><Regions>
<Region Id="1" Type="0" NegativeROA="0"><Vertices><Vertex X="0" Y="0"/><Vertex X="20" Y="0"/>
<Vertex X="20" Y="20"/><Vertex X="0" Y="20"/></Vertices></Region>
<Region Id="2" Type="2" NegativeROA="1"><Vertices><Vertex X="2" Y="2"/><Vertex X="8" Y="2"/>
<Vertex X="8" Y="8"/><Vertex X="2" Y="8"/></Vertices></Region>
</Regions></Annotation></Annotations>"""

numbers = st.one_of(
    st.integers(), st.floats(), st.integers(-20, 20), st.sampled_from([0, 1e-300, 1e7, -1e7, 0.1])
)
points = st.lists(numbers, min_size=2, max_size=3)
anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.text(max_size=3), numbers),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=6,
)
rings = st.one_of(st.lists(points, max_size=8), anything)
kinds = st.sampled_from(["Polygon", "MultiPolygon", "GeometryCollection", "Point", "Blob"])


@st.composite
def mutated(draw, document):
    """`document` with one stretch of its bytes replaced."""
    start = draw(st.integers(0, len(document)))
    end = draw(st.integers(start, min(start + 30, len(document))))
    return document[:start] + draw(st.binary(max_size=8)) + document[end:]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("annotations")


def written(folder, name, data):
    path = folder / name
    path.write_bytes(data)
    return path


def read_or_refuse(path):
    """Whatever a file holds, it is read or refused with a message that opens with its path."""
    try:
        annotations = read_annotations(path)
    except SlideError as error:
        assert str(error).startswith(f"{path}: ")  # noqa: PT017
        return
    fraction = annotations.fraction(np.array([[0, 0], [-5, 3]], np.int64), 10)
    assert np.all((fraction >= 0) & (fraction <= 1))
    assert annotations.tumor.is_valid


@pytest.mark.parametrize(
    ("name", "data", "area"),
    [
        ("a.xml", ASAP, 295),
        ("a.XML", ASAP, 295),
        ("a.xml", IMAGESCOPE, pytest.approx(400 - 9 * np.pi, abs=0.02)),
        ("a.geojson", GEOJSON, 400),
        ("a.json", b"\xef\xbb\xbf" + GEOJSON, 400),
        ("a.annotations", b"\xef\xbb\xbf\n" + ASAP[22:], 295),
        ("annotations", GEOJSON, 400),
        ("a.xml", ASAP.decode().encode("utf-16"), 295),
    ],
)
def test_the_format_is_told_by_suffix_or_content(tmp_path, name, data, area):
    assert read_annotations(written(tmp_path, name, data)).tumor.area == area


def test_a_file_of_no_known_format_is_refused(tmp_path):
    with pytest.raises(SlideError, match="or a mask TIFF, found a file open"):
        read_annotations(written(tmp_path, "a.txt", b"tumour at 5, 7"))


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(SlideError, match=r"gone.xml: annotation: .*No such file"):
        read_annotations(tmp_path / "gone.xml")
    with pytest.raises(SlideError, match="annotation: expected a readable file"):
        read_annotations(tmp_path)


@given(data=st.binary(max_size=60), name=st.sampled_from(["a.xml", "a.geojson", "a"]))
@example(data=b"[" * 5000, name="a.json")
@example(data=b"<a>" * 5000, name="a.xml")
def test_any_bytes_are_read_or_refused(folder, data, name):
    read_or_refuse(written(folder, name, data))


@given(data=mutated(ASAP))
def test_any_damaged_asap_file_is_read_or_refused(folder, data):
    read_or_refuse(written(folder, "damaged.xml", data))


@given(data=mutated(IMAGESCOPE))
def test_any_damaged_imagescope_file_is_read_or_refused(folder, data):
    read_or_refuse(written(folder, "scope.xml", data))


@given(data=mutated(GEOJSON))
def test_any_damaged_geojson_file_is_read_or_refused(folder, data):
    read_or_refuse(written(folder, "damaged.geojson", data))


@given(
    drawn=st.lists(st.tuples(kinds, st.lists(rings, max_size=3), anything), max_size=3),
    name=st.sampled_from(["Tumor", "normal"]),
)
def test_any_geometry_is_read_or_refused(folder, drawn, name):
    features = [
        {
            "type": "Feature",
            "geometry": {"type": kind, "coordinates": coordinates, "geometries": other},
            "properties": {"classification": name},
        }
        for kind, coordinates, other in drawn
    ]
    read_or_refuse(written(folder, "any.json", json.dumps(features).encode()))


@given(corners=st.lists(st.tuples(numbers, numbers), min_size=3, max_size=8), data=st.data())
def test_any_outlines_are_merged_or_refused(folder, corners, data):
    shifted = [(x, data.draw(numbers)) for x, _ in corners]
    features = [
        {
            "geometry": {"type": "Polygon", "coordinates": [outline]},
            "properties": {"classification": name},
        }
        for outline, name in ((corners, "Tumor"), (shifted, "Tumor"), (corners, "Ignore*"))
    ]
    read_or_refuse(written(folder, "outlines.json", json.dumps(features).encode()))


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "groups", "unplaced", "area"),
    [
        ("camelyon17_patient_004_node_4.xml", {"metastases": 3}, {}, 252_947.2),
        ("CMU-1_classification.xml", {"malignant": 2, "benign": 3}, {"benign": 1}, 2_274_165.1),
        (
            "CMU-1_detection.xml",
            {"malignant": 22, "benign": 1, "cell": 1},
            {"cell": 1},
            124_560.6,
        ),
        ("CMU-1_segmentation.xml", {"malignant": 2, "benign": 2}, {}, 2_274_165.1),
        ("asap1.xml", {"None": 5}, {"None": 5}, 0),
        (
            "TCGA-EJ-5518-01Z-00-DX1.xml",
            {"CaP": 2, "layer 3": 1, "layer 4": 1},
            {"CaP": 2, "layer 3": 1, "layer 4": 1},
            0,
        ),
        ("geojson_example.json", {"Tumor": 1, "Invborder": 1}, {"Invborder": 1}, 2_265_677_914.2),
        ("holed.geojson", {"(none)": 1}, {"(none)": 1}, 0),
        ("qupath05.geojson", {"(none)": 3}, {"(none)": 3}, 0),
        ("test_annotation.geojson", {"(none)": 1}, {"(none)": 1}, 0),
    ],
)
def test_files_of_asap_imagescope_and_qupath_are_read(shared_data, name, groups, unplaced, area):
    annotations = read_annotations(shared_data / "annotations" / name)

    assert annotations.groups == groups
    assert annotations.unplaced == unplaced
    assert annotations.tumor.area == pytest.approx(area, rel=1e-5)


@pytest.mark.real_data
def test_the_mosaic_is_tumour_where_its_truth_says(shared_data, mosaic_truth):
    """Its outlines run along pixel centres: half a pixel of tumour leaks at some corners."""
    files = sorted((shared_data / "mosaic" / "lesion_annotations").glob("*.xml"))
    assert files

    for file in files:
        truth = mosaic_truth(file.stem)["tumor"]
        rows, columns = np.indices(truth.shape)
        xy = np.stack([columns, rows], axis=-1).reshape(-1, 2).astype(np.int64) * 96
        fraction = read_annotations(file).fraction(xy, 96).reshape(truth.shape)

        assert fraction[truth].min() > 0.979
        assert fraction[~truth].max() <= 0.5 / 96**2 + 1e-9
