from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layer3_infer.viewer.deep_zoom import DeepZoom

edges = st.integers(1, 200_000)
zooms = st.builds(DeepZoom, width=edges, height=edges, tile=st.sampled_from([64, 254, 256, 512]))


@given(zoom=zooms)
def test_the_first_level_is_one_pixel_and_the_last_the_slide(zoom):
    assert zoom.size(0) == (1, 1)
    assert zoom.size(zoom.levels - 1) == (zoom.width, zoom.height)


@given(zoom=zooms, data=st.data())
def test_tiles_of_a_level_cover_the_slide_once(zoom, data):
    level = data.draw(st.integers(0, zoom.levels - 1))
    columns, rows = zoom.tiles(level)

    last = zoom.box(level, columns - 1, rows - 1)
    factor = zoom.factor(level)
    assert 0 <= last.x + last.width - zoom.width < factor
    assert 0 <= last.y + last.height - zoom.height < factor
    assert zoom.box(level, 0, 0).x == 0
    if columns > 1:
        assert zoom.box(level, 1, 0).x == zoom.box(level, 0, 0).width


@given(zoom=zooms, data=st.data())
def test_a_tile_of_the_level_before_shows_four_of_this(zoom, data):
    level = data.draw(st.integers(1, zoom.levels - 1)) if zoom.levels > 1 else 0
    columns, rows = zoom.tiles(level)
    column, row = columns - 1, rows - 1

    parent = zoom.box(max(0, level - 1), column // 2, row // 2)
    child = zoom.box(level, column, row)
    assert parent.x <= child.x < parent.x + parent.width or zoom.levels == 1
    assert parent.y <= child.y < parent.y + parent.height or zoom.levels == 1


@pytest.mark.parametrize("place", [(-1, 0, 0), (11, 0, 0), (10, 4, 0), (10, 0, 3), (10, -1, 0)])
def test_there_is_no_tile_outside(place):
    zoom = DeepZoom(1000, 600, 256)

    assert zoom.has(10, 3, 2)
    assert not zoom.has(*place)


def test_the_descriptor_says_what_other_viewers_need():
    image = ET.fromstring(DeepZoom(1000, 600, 256).descriptor("jpg"))

    assert image.tag.endswith("}Image")
    assert image.attrib == {"Format": "jpg", "Overlap": "0", "TileSize": "256"}
    assert image[0].attrib == {"Width": "1000", "Height": "600"}
