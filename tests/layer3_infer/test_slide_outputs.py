from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from fakes import FakeSlide, painted
from heatmap_headers import HEADER

from common.geometry import Pyramid
from common.grid import Grid
from layer3_infer.config import HeatmapSettings
from layer3_infer.heatmap import Heatmap
from layer3_infer.heatmap_file import HeatmapFile
from layer3_infer.results_folder import ResultsFolder
from layer3_infer.slide_outputs import write_outputs

PINK = (225, 130, 180)
SLIDE = FakeSlide(Pyramid(((400, 100),), 0.5), painted({(100, 0, 300, 100): PINK}), slide_id="a")
VALUES = np.array([[np.nan, 0.9, 0.6, np.nan]], np.float32)
MADE = HeatmapFile(HEADER, Heatmap(Grid((0, 0), 100, 100, 1, 4), VALUES))
CLASSES = ("normal", "tumor")


def test_picture_overlay_regions_and_table_are_written(tmp_path):
    folder = ResultsFolder(tmp_path)

    problem = write_outputs(folder, SLIDE, MADE, HeatmapSettings(), CLASSES)

    assert problem == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "a.csv",
        "a.geojson",
        "a.png",
        "a.slide.jpg",
        "a.top.png",
    ]
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 3
    np.testing.assert_allclose(cv2.imread(str(folder.picture("a")))[50, 200, ::-1], PINK, atol=6)


def test_the_threshold_decides_the_regions(tmp_path):
    write_outputs(ResultsFolder(tmp_path), SLIDE, MADE, HeatmapSettings(threshold=0.8), CLASSES)

    (feature,) = json.loads((tmp_path / "a.geojson").read_text())["features"]
    assert feature["properties"]["measurements"]["Patches"] == 1


@pytest.mark.parametrize("text", ["<half", None])
def test_an_annotation_that_cannot_be_drawn_is_told(tmp_path, text):
    annotation = tmp_path / "a.xml"
    if text is not None:
        annotation.write_text(text)

    problem = write_outputs(
        ResultsFolder(tmp_path), SLIDE, MADE, HeatmapSettings(), CLASSES, annotation
    )

    assert problem.startswith(f"annotation not drawn: {annotation}")
    assert (tmp_path / "a.png").exists()


@pytest.mark.parametrize("size", [(8, 70_000), (70_000, 8)])
def test_a_slide_longer_than_any_jpeg_has_its_pictures(tmp_path, size):
    slide = FakeSlide(Pyramid((size,), 0.5), painted({}), slide_id="a")
    made = HeatmapFile(HEADER, Heatmap(Grid((0, 0), 8, 8, 0, 0), np.empty((0, 0), np.float32)))

    write_outputs(ResultsFolder(tmp_path), slide, made, HeatmapSettings(picture_width=100), CLASSES)

    height, width = cv2.imread(str(tmp_path / "a.slide.jpg")).shape[:2]
    assert width <= 100
    assert height <= 400
