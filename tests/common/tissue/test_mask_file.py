from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tiff_slides import tissue_on_glass

from common.errors import SlideError
from common.geometry import Pyramid
from common.tissue import TissueMask, TissueSettings, find_tissue
from common.tissue.mask import mask_shape
from common.tissue.mask_file import read_mask, write_mask

SLIDE = Pyramid(((1600, 960),), 0.5)
planes = arrays.arrays(np.uint8, st.tuples(st.integers(1, 14), st.integers(1, 14)))


def feature(points, name="Tissue", kind="Polygon", **properties):
    classification = {} if name is None else {"classification": {"name": name}}
    return {
        "type": "Feature",
        "geometry": {"type": kind, "coordinates": points},
        "properties": {"objectType": "annotation", **classification, **properties},
    }


def box(x0, y0, x1, y1):
    return [[[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]]


@pytest.fixture
def drawn(tmp_path):
    """Reads the mask that features draw on a slide of 1600 x 960 px, in pixels of 16 px."""

    def read(*features):
        path = tmp_path / "s.geojson"
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
        return read_mask(path, SLIDE, 8.0)

    return read


def plane(x0, y0, x1, y1):
    mask = np.zeros((60, 100), bool)
    mask[y0 // 16 : y1 // 16, x0 // 16 : x1 // 16] = True
    return mask


@given(values=planes, width=st.integers(20, 40_000), height=st.integers(20, 40_000))
def test_a_mask_written_reads_back_the_same(tmp_path_factory, values, width, height):
    path = tmp_path_factory.mktemp("masks") / "s.geojson"
    rows, columns = values.shape
    mask = TissueMask(values % 3 == 1, width, height, values % 3 == 2)
    slide = Pyramid(((width, height), (columns, rows)), 0.25)

    write_mask(path, mask)
    found = read_mask(path, slide, slide.level_mpp(1))

    assert (found.tissue == mask.tissue).all()
    assert (found.pen == mask.pen).all()
    assert (found.width, found.height) == (width, height)


def test_a_mask_that_was_found_reads_back_the_same(tmp_path):
    image = tissue_on_glass(253, 191, box=(64, 32, 160, 128))
    image[100:110, 30:200] = (30, 60, 160)
    slide = Pyramid(((253 * 16 + 7, 191 * 16 - 3),), 0.5)
    mask = find_tissue(image, slide, TissueSettings())

    write_mask(tmp_path / "s.geojson", mask)
    found = read_mask(tmp_path / "s.geojson", slide)

    assert mask_shape(slide, 8.0) == image.shape[:2]
    assert mask.tissue.any()
    assert mask.pen.any()
    assert (found.tissue == mask.tissue).all()
    assert (found.pen == mask.pen).all()


def test_the_same_mask_gives_the_same_file(tmp_path):
    mask = TissueMask(plane(160, 160, 800, 480), 1600, 960)

    write_mask(tmp_path / "a.geojson", mask)
    write_mask(tmp_path / "b.geojson", mask)

    assert (tmp_path / "a.geojson").read_bytes() == (tmp_path / "b.geojson").read_bytes()


def test_every_piece_is_an_annotation_with_a_class_and_a_colour(tmp_path):
    path = tmp_path / "s.geojson"
    pen = plane(1200, 160, 1280, 480)
    write_mask(path, TissueMask(plane(160, 160, 800, 480), 1600, 960, pen))

    document = json.loads(path.read_text())

    assert document["type"] == "FeatureCollection"
    said = [piece["properties"]["classification"] for piece in document["features"]]
    assert [one["name"] for one in said] == ["Tissue", "Pen"]
    assert all(len(one["color"]) == 3 for one in said)
    assert {piece["properties"]["objectType"] for piece in document["features"]} == {"annotation"}
    assert len({piece["id"] for piece in document["features"]}) == 2
    assert sorted(document["features"][0]["geometry"]["coordinates"][0])[0] == [160, 160]


def test_a_mask_without_tissue_is_a_file_without_features(tmp_path):
    path = tmp_path / "s.geojson"
    write_mask(path, TissueMask(np.zeros((60, 100), bool), 1600, 960))

    assert json.loads(path.read_text())["features"] == []
    assert not read_mask(path, SLIDE).tissue.any()


@pytest.mark.parametrize("name", ["Tissue", "tissue", None, "", "Region*", "Tissue: fat"])
def test_what_has_no_class_is_tissue_as_what_is_called_so(drawn, name):
    mask = drawn(feature(box(160, 160, 800, 480), name))

    assert (mask.tissue == plane(160, 160, 800, 480)).all()
    assert not mask.pen.any()


@pytest.mark.parametrize("order", [1, -1])
def test_pen_and_what_is_ignored_are_cut_out_in_any_order(drawn, order):
    features = [
        feature(box(160, 160, 800, 480)),
        feature(box(320, 160, 480, 960), "Pen"),
        feature(box(640, 0, 1600, 960), "Ignore*"),
    ]

    mask = drawn(*features[::order])

    left, right = plane(160, 160, 320, 480), plane(480, 160, 640, 480)
    assert (mask.tissue == (left | right)).all()
    assert (mask.pen == plane(320, 160, 480, 960)).all()


def test_holes_and_several_polygons_in_one_object_are_read(drawn):
    outer, hole = box(160, 160, 800, 480)[0], box(320, 320, 480, 400)[0]
    mask = drawn(feature([[outer, hole], box(960, 160, 1120, 320)], kind="MultiPolygon"))

    tissue = plane(160, 160, 800, 480) ^ plane(320, 320, 480, 400) | plane(960, 160, 1120, 320)
    assert (mask.tissue == tissue).all()


def test_overlapping_objects_are_tissue_once(drawn):
    mask = drawn(feature(box(160, 160, 640, 480)), feature(box(480, 160, 800, 480)))

    assert (mask.tissue == plane(160, 160, 800, 480)).all()


def test_a_point_or_a_measured_line_draws_nothing_whatever_it_is_called(drawn):
    mask = drawn(
        feature([3, 4], "Note", kind="Point"),
        feature([[0, 0], [900, 900]], kind="LineString"),
    )

    assert not mask.tissue.any()


def test_an_unknown_class_is_refused_by_name(drawn):
    with pytest.raises(SlideError, match=r"s\.geojson: feature 2: classification: .*'Tumor'"):
        drawn(feature(box(0, 0, 160, 160)), feature(box(0, 0, 160, 160), "Tumor"))


hostile = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "features", "geometry", "coordinates", "properties", "name"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(content=hostile, inside=st.booleans())
def test_whatever_a_file_holds_it_is_read_or_refused_by_name(tmp_path_factory, content, inside):
    path = tmp_path_factory.mktemp("masks") / "odd.geojson"
    wrapped = {"type": "FeatureCollection", "features": [feature(content)]}
    path.write_text(json.dumps(wrapped if inside else content))

    try:
        said = f"{read_mask(path, SLIDE).tissue.shape} of {path}"
    except SlideError as error:
        said = str(error)

    assert str(path) in said


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"{", b'{"type": "Polygon"}', b"[1, 2]"])
def test_what_is_no_geojson_is_refused(tmp_path, content):
    path = tmp_path / "s.geojson"
    path.write_bytes(content)

    with pytest.raises(SlideError, match=r"s\.geojson"):
        read_mask(path, SLIDE)


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    (tmp_path / "s.geojson").mkdir()

    with pytest.raises(SlideError, match=r"s\.geojson: mask: expected a readable file"):
        read_mask(tmp_path / "s.geojson", SLIDE)
