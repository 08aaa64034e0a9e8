from __future__ import annotations

import json
import uuid

import numpy as np
import shapely

from common.annotations import read_annotations
from common.grid import Grid
from layer3_infer.geojson import feature_collection, write_geojson
from layer3_infer.heatmap import Heatmap
from layer3_infer.regions import find_regions


def regions():
    values = np.array([[0.9, 0.8, 0.1, 0.7]], np.float32)
    return find_regions(Heatmap(Grid((0, 0), 10, 10, 1, 4), values), 0.5, 0.5)


def test_each_region_is_an_annotation_as_qupath_reads_it():
    first, second = feature_collection(regions(), "slide model")["features"]

    assert first["type"] == "Feature"
    assert first["geometry"]["type"] == "Polygon"
    assert first["properties"]["objectType"] == "annotation"
    assert first["properties"]["classification"] == {"name": "Tumor", "color": [200, 0, 0]}
    assert first["properties"]["measurements"]["Area um2"] == 50
    assert second["properties"]["measurements"]["Patches"] == 1


def test_rings_are_closed():
    for feature in feature_collection(regions(), "s")["features"]:
        for ring in feature["geometry"]["coordinates"]:
            assert ring[0] == ring[-1]


def test_ids_are_uuids_that_depend_on_the_result_alone():
    ids = [feature["id"] for feature in feature_collection(regions(), "s")["features"]]
    again = [feature["id"] for feature in feature_collection(regions(), "s")["features"]]
    other = [feature["id"] for feature in feature_collection(regions(), "t")["features"]]

    assert ids == again
    assert len({*ids, *other}) == 4
    assert all(uuid.UUID(one) for one in ids)


def test_our_own_reader_of_annotations_takes_the_regions_back(tmp_path):
    write_geojson(tmp_path / "a.geojson", regions(), "s")

    tumour = read_annotations(tmp_path / "a.geojson").tumor

    assert tumour.equals(shapely.box(0, 0, 20, 10) | shapely.box(30, 0, 40, 10))


def test_no_region_is_an_empty_collection(tmp_path):
    write_geojson(tmp_path / "a.geojson", [], "s")

    assert json.loads((tmp_path / "a.geojson").read_text()) == {
        "type": "FeatureCollection",
        "features": [],
    }
