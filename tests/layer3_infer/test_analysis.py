from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
import shapely
from fakes import FakeSlide, painted
from small_cohort import SIZE, TISSUE, TUMOUR, write_patch_file

from common.cohort import read_cohort
from common.errors import ContractError
from common.geometry import Pyramid
from common.patch_file.reader import PatchFile
from layer3_infer.analysis import Analysis, open_slide
from layer3_infer.config import HeatmapSettings
from layer3_infer.heatmap_file import read_heatmap
from layer3_infer.results_folder import ResultsFolder


def test_a_painted_tumour_comes_back_as_a_polygon_at_its_exact_place(finished):
    """Painted square -> network that answers by colour -> heatmap -> GeoJSON."""
    collection = json.loads((finished / "green.geojson").read_text())

    (feature,) = collection["features"]
    assert shapely.from_geojson(json.dumps(feature["geometry"])).equals(shapely.box(*TUMOUR))
    left, top, right, bottom = TUMOUR
    area = (right - left) * (bottom - top) * 0.5**2
    assert feature["properties"]["measurements"]["Area um2"] == pytest.approx(area)


def test_only_tissue_has_answers(finished):
    heatmap = read_heatmap(finished / "green.heatmap.h5").heatmap

    left, top, right, bottom = (length // SIZE for length in TISSUE)
    expected = np.zeros((24, 32), bool)
    expected[top:bottom, left:right] = True
    assert np.array_equal(heatmap.analysed, expected)


def test_the_file_says_whether_the_model_has_met_the_slide_or_its_patient(finished):
    seen = {
        slide: read_heatmap(finished / f"{slide}.heatmap.h5").header for slide in ("green", "pink")
    }

    assert (seen["green"].seen_in_split, seen["green"].trained_on_this_slide) == ("test", False)
    assert (seen["pink"].seen_in_split, seen["pink"].trained_on_this_slide) == ("train", True)


def test_the_picture_of_the_slide_is_of_the_scanned_area_alone(finished):
    picture = cv2.imread(str(finished / "green.slide.jpg"))

    assert picture.shape == (768, 1024, 3)


def test_layer_1s_locations_give_the_same_answers_for_the_same_patches(
    run_on, finished, patch_folder, tmp_path
):
    files = {"green": [PatchFile(patch_folder / "green.h5")]}
    run_on(tmp_path, keep={"green"}, patch_files=files)

    dense = read_heatmap(finished / "green.heatmap.h5").heatmap
    given = read_heatmap(tmp_path / "green.heatmap.h5")

    assert given.header.locations == "patches"
    assert given.heatmap.analysed.sum() == 5
    known = given.heatmap.analysed
    assert np.array_equal(given.heatmap.values[known], dense.values[known])


def test_a_slide_layer_1_has_not_seen_is_an_error(bundle, tmp_path):
    analysis = Analysis(bundle, HeatmapSettings(), ResultsFolder(tmp_path), patch_files={})
    slide = FakeSlide(Pyramid(((640, 480),), 0.5), painted({}))

    with pytest.raises(ContractError, match="fake: patch file: expected one in --patches"):
        analysis.locations(slide)


def test_changed_locations_are_predicted_anew(run_on, cohort_csv, tmp_path):
    slide = {e.slide_id: open_slide(e) for e in read_cohort(cohort_csv)}["green"]
    path = write_patch_file(tmp_path / "p", slide)
    given = {"keep": {"green"}, "patch_files": {"green": [PatchFile(path)]}}
    run_on(tmp_path / "out", **given)

    _, kept = run_on(tmp_path / "out", **given)
    half = {"method": "dense", "origin": [0, 0], "stride": 16}
    write_patch_file(tmp_path / "p", slide, sampling=half)
    given["patch_files"] = {"green": [PatchFile(path)]}
    _, kept_after_change = run_on(tmp_path / "out", **given)

    assert (kept, kept_after_change) == (1, 0)
    assert read_heatmap(tmp_path / "out" / "green.heatmap.h5").heatmap.grid.stride == 16
