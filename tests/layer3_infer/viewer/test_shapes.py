from __future__ import annotations

import json

import pytest
import shapely

from common.errors import ContractError
from layer3_infer.viewer.shapes import read_regions, shapes_of

SQUARE = shapely.box(100, 200, 300, 500)
HOLED = shapely.Polygon(
    [(0, 0), (90, 0), (90, 90), (0, 90)], [[(30, 30), (60, 30), (60, 60), (30, 60)]]
)


def collection(*areas, measurements):
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": json.loads(shapely.to_geojson(area)),
                "properties": {"measurements": measurements},
            }
            for area in areas
        ],
    }


def test_an_area_is_a_path_with_its_holes_the_largest_first():
    shapes = shapes_of(shapely.MultiPolygon([HOLED, SQUARE.buffer(0)]), 0.5)

    assert shapes[0].box == (100, 200, 200, 300)
    assert shapes[1].path.count("M") == 2
    assert shapes[1].path.count("Z") == 2


def test_detail_below_the_tolerance_goes():
    circle = shapely.MultiPolygon([shapely.Point(1000, 1000).buffer(500, 64)])

    fine, coarse = (shapes_of(circle, tolerance)[0].path for tolerance in (0.1, 20))

    assert len(coarse) < len(fine) / 3


@pytest.mark.parametrize(
    "measurements",
    [{"Area um2": 12.5, "said": "x"}, [{"name": "Area um2", "value": 12.5}]],
    ids=["object", "list"],
)
def test_regions_keep_what_was_measured(tmp_path, measurements):
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps(collection(HOLED, SQUARE, measurements=measurements)))

    regions = read_regions(path, 0.0)

    assert [region.box for region in regions] == [(100, 200, 200, 300), (0, 0, 90, 90)]
    assert regions[0].measures == {"Area um2": 12.5}


@pytest.mark.parametrize("content", [None, "{", "[]", '{"features": [{}]}', '{"features": [3]}'])
def test_a_file_that_is_no_geojson_is_refused(tmp_path, content):
    path = tmp_path / "a.geojson"
    if content is not None:
        path.write_text(content)

    with pytest.raises(ContractError, match=r"a\.geojson: regions"):
        read_regions(path, 0.0)
