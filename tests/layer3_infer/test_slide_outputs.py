from __future__ import annotations

import json
import shutil

import cv2
import numpy as np
import pytest
import tifffile
from fakes import FakeSlide, painted
from heatmap_headers import HEADER

from common.geometry import Pyramid
from common.grid import Grid
from layer3_infer.config import HeatmapSettings
from layer3_infer.heatmap import Heatmap
from layer3_infer.heatmap_file import HeatmapFile, write_heatmap
from layer3_infer.result_check import check_results
from layer3_infer.results_folder import ResultsFolder
from layer3_infer.slide_outputs import write_outputs

PINK = (225, 130, 180)
SLIDE = FakeSlide(Pyramid(((400, 100),), 0.5), painted({(100, 0, 300, 100): PINK}), slide_id="a")
VALUES = np.array([[np.nan, 0.9, 0.6, np.nan]], np.float32)
MADE = HeatmapFile(HEADER, Heatmap(Grid((0, 0), 100, 100, 1, 4), VALUES))
CLASSES = ("normal", "tumor")
SETTINGS = HeatmapSettings(threshold=0.5)


def test_picture_overlay_regions_and_table_are_written(tmp_path):
    folder = ResultsFolder(tmp_path)

    problem = write_outputs(folder, SLIDE, MADE, SETTINGS, CLASSES)

    assert problem == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "a.csv",
        "a.geojson",
        "a.ome.tif",
        "a.png",
        "a.slide.jpg",
        "a.top.png",
        "a.xml",
    ]
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 3
    np.testing.assert_allclose(cv2.imread(str(folder.picture("a")))[50, 200, ::-1], PINK, atol=6)


def test_what_is_written_is_what_the_heatmap_says(tmp_path):
    folder = ResultsFolder(tmp_path)
    write_heatmap(folder.heatmap("a"), MADE.header, MADE.heatmap)

    write_outputs(folder, SLIDE, MADE, SETTINGS, CLASSES)

    files = [folder.ome_tiff("a"), folder.geojson("a"), folder.asap("a"), folder.table("a")]
    assert check_results(files) == dict.fromkeys(files)


@pytest.mark.parametrize(("number", "drawn"), [(3, True), (None, False)])
def test_a_mask_is_drawn_where_its_number_for_tumour_is_known(tmp_path, number, drawn):
    mask = np.zeros((100, 400), np.uint8)
    mask[:, 100:200] = 3
    tifffile.imwrite(tmp_path / "mask.tif", mask)
    folder, settings = ResultsFolder(tmp_path / "out"), SETTINGS
    settings = settings.model_copy(update={"mask_tumor": number})

    problem = write_outputs(folder, SLIDE, MADE, settings, CLASSES, tmp_path / "mask.tif")

    assert (problem == "") == drawn


def test_the_threshold_decides_the_regions(tmp_path):
    write_outputs(ResultsFolder(tmp_path), SLIDE, MADE, HeatmapSettings(threshold=0.8), CLASSES)

    (feature,) = json.loads((tmp_path / "a.geojson").read_text())["features"]
    assert feature["properties"]["measurements"]["Patches"] == 1


@pytest.mark.parametrize("text", ["<half", None])
def test_an_annotation_that_cannot_be_drawn_is_told(tmp_path, text):
    annotation = tmp_path / "a.xml"
    if text is not None:
        annotation.write_text(text)

    problem = write_outputs(ResultsFolder(tmp_path), SLIDE, MADE, SETTINGS, CLASSES, annotation)

    assert problem.startswith(f"annotation not drawn: {annotation}")
    assert (tmp_path / "a.png").exists()


@pytest.mark.parametrize("size", [(8, 70_000), (70_000, 8)])
def test_a_slide_longer_than_any_jpeg_has_its_pictures(tmp_path, size):
    slide = FakeSlide(Pyramid((size,), 0.5), painted({}), slide_id="a")
    made = HeatmapFile(HEADER, Heatmap(Grid((0, 0), 8, 8, 0, 0), np.empty((0, 0), np.float32)))

    write_outputs(
        ResultsFolder(tmp_path),
        slide,
        made,
        HeatmapSettings(threshold=0.5, picture_width=100),
        CLASSES,
    )

    height, width = cv2.imread(str(tmp_path / "a.slide.jpg")).shape[:2]
    assert width <= 100
    assert height <= 400


def test_a_slide_that_an_earlier_version_finished_gets_what_it_lacks(run_on, finished, tmp_path):
    copy = shutil.copytree(finished, tmp_path / "copy")
    heatmap = (copy / "green.heatmap.h5").stat().st_mtime_ns
    for name in ("green.ome.tif", "green.xml"):
        (copy / name).unlink()

    _, kept = run_on(copy)

    assert kept == 2
    assert (copy / "green.heatmap.h5").stat().st_mtime_ns == heatmap
    for name in ("green.ome.tif", "green.xml", "green.geojson"):
        assert (copy / name).read_bytes() == (finished / name).read_bytes()
