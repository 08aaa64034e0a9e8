from __future__ import annotations

import json

import pytest

from layer3_infer.viewer.deep_zoom import DeepZoom
from layer3_infer.viewer.pictures import EmbeddedPicture
from layer3_infer.viewer.scene import Mark, Scene, Source, json_in_page

PICTURE = Source(EmbeddedPicture("data:,", 10, 10))


@pytest.mark.parametrize("text", ["</script><b>", "<!--<script>", "a\u2028b\u2029c", "]]>&amp;"])
def test_json_in_a_page_ends_no_script_and_no_line_and_says_the_same(text):
    written = str(json_in_page({"name": text}))

    assert not set("<>&\u2028\u2029") & set(written)
    assert json.loads(written) == {"name": text}


def test_a_scene_tells_the_viewer_where_pixels_are():
    tiles = Source(zoom=DeepZoom(1000, 600, 256), address="t/{level}/{column}_{row}.png")
    mark = Mark("places", 1, 10, 20, 30, "P(tumour) 0.9")

    told = json.loads(Scene(1000, 600, 0.25, PICTURE, tiles, marks=[mark]).as_json())

    assert told["slide"] == {"picture": "slide-picture"}
    assert told["heat"]["tiles"] == {"address": tiles.address, "size": 256, "levels": 11}
    assert told["marks"][0]["edge"] == 30


def test_a_scene_knows_what_marks_it_has():
    scene = Scene(10, 10, 1.0, PICTURE, marks=[Mark("places", 1, 0, 0, 1, "")])

    assert scene.has("places")
    assert not scene.has("explanations")
    assert json.loads(scene.as_json())["heat"] is None
