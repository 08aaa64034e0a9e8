from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import shapely

from common.annotations import read_annotations
from common.errors import ContractError
from common.grid import Grid
from layer3_infer.drawn import Source, drawn_regions
from layer3_infer.geojson import check_geojson, feature, read_source, write_geojson
from layer3_infer.heatmap import Heatmap
from layer3_infer.regions import find_regions

SOURCE = Source("a", "f" * 64, "m" * 64, 0.5)


def areas(last=0.7):
    values = np.array([[0.9, 0.8, 0.1, last], [0.9, 0, 1, 0], [1, 1, 1, 0]], np.float32)
    values = np.vstack([values, [[0, 0, 0, 0.6]]]).astype(np.float32)
    return drawn_regions(find_regions(Heatmap(Grid((0, 0), 10, 10, 4, 4), values), 0.5, 0.5))


@pytest.fixture
def written(tmp_path):
    write_geojson(tmp_path / "a.geojson", areas(), SOURCE)
    return tmp_path / "a.geojson"


def test_each_region_is_an_annotation_as_qupath_reads_it(written):
    document = json.loads(written.read_text())

    first = document["features"][0]
    assert document["type"] == "FeatureCollection"
    assert first["type"] == "Feature"
    assert first["geometry"]["type"] == "Polygon"
    assert first["properties"]["objectType"] == "annotation"
    assert first["properties"]["classification"] == {"name": "Tumor", "color": [200, 0, 0]}
    assert first["properties"]["isLocked"] is False
    assert first["properties"]["measurements"]["Area um2"] == 7 * 25
    assert first["properties"]["measurements"]["Patches"] == 7


def signed_area(ring):
    (x, y), (next_x, next_y) = np.array(ring[:-1]).T, np.array(ring[1:]).T
    return ((x * next_y - next_x * y) / 2).sum()


def test_rings_are_closed_and_follow_the_right_hand_rule():
    with_hole = drawn_regions(
        find_regions(
            Heatmap(Grid((0, 0), 10, 10, 3, 3), np.float32([[1, 1, 1], [1, 0, 1], [1, 1, 1]])),
            0.5,
            0.5,
        )
    )
    exterior, hole = feature(with_hole[0], SOURCE)["geometry"]["coordinates"]

    assert exterior[0] == exterior[-1]
    assert hole[0] == hole[-1]
    assert signed_area(exterior) == 900
    assert signed_area(hole) == -100


def test_ids_are_each_another_and_the_same_every_time(written, tmp_path):
    write_geojson(tmp_path / "b.geojson", areas(), SOURCE)
    ids = [found["id"] for found in json.loads(written.read_text())["features"]]

    assert (tmp_path / "b.geojson").read_bytes() == written.read_bytes()
    assert len(set(ids)) == len(ids) == 3


def test_our_own_reader_of_annotations_takes_the_regions_back(written):
    tumour = read_annotations(written).tumor

    assert tumour.equals(shapely.union_all([drawn.polygon for drawn in areas()]))


def test_the_file_says_what_it_was_drawn_from(written):
    assert read_source(written) == SOURCE


def test_no_region_is_an_empty_collection(tmp_path):
    write_geojson(tmp_path / "a.geojson", [], SOURCE)

    assert json.loads((tmp_path / "a.geojson").read_text())["features"] == []
    check_geojson(tmp_path / "a.geojson", [], SOURCE)


def test_a_whole_file_of_its_areas_passes(written):
    check_geojson(written, areas(), SOURCE)


@pytest.mark.parametrize(
    ("wanted", "source", "item"),
    [
        (areas(), replace(SOURCE, threshold=0.7), "camnet.threshold: expected 0.7, found 0.5"),
        (areas(), replace(SOURCE, model_sha256="n" * 64), "camnet.model_sha256"),
        (areas()[:2], SOURCE, "features: expected 2, found 3"),
        (areas(last=0.6), SOURCE, "feature 2"),
    ],
)
def test_areas_of_another_heatmap_are_refused_by_what_differs(written, wanted, source, item):
    with pytest.raises(ContractError, match=item):
        check_geojson(written, wanted, source)


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ('{"type": "FeatureCollection", "camnet": {', "GeoJSON"),
        ("[]", "type"),
        ('{"type": "FeatureCollection", "features": []}', "camnet"),
        ('{"type": "FeatureCollection", "camnet": {"slide_id": "a"}}', "camnet"),
    ],
)
def test_what_is_cut_off_or_not_ours_is_refused(tmp_path, text, item):
    (tmp_path / "a.geojson").write_text(text)

    with pytest.raises(ContractError, match=item):
        read_source(tmp_path / "a.geojson")


def test_a_missing_file_is_refused_by_its_name(tmp_path):
    with pytest.raises(ContractError, match=r"a\.geojson"):
        check_geojson(tmp_path / "a.geojson", [], SOURCE)
