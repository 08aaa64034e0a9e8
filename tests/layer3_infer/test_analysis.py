from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
import shapely
from colour_model import PINK, green_stain, write_colour_bundle
from fakes import FakeSlide, painted
from small_cohort import MPP, SIZE, TISSUE, TUMOUR, filled, write_patch_file
from stained_tissue import tissue
from tiff_slides import write_slide
from tiff_variants import Variant, jpeg, write_variant

from common.cohort import read_cohort
from common.errors import ConfigError, ContractError
from common.geometry import Pyramid
from common.patch_file.reader import PatchFile
from common.units import units_of
from layer3_infer.analysis import Analysis, open_slide
from layer3_infer.config import HeatmapSettings
from layer3_infer.heatmap_file import read_heatmap
from layer3_infer.pipeline import run
from layer3_infer.results_folder import ResultsFolder
from layer3_infer.slide_result import read_result


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


def test_a_mask_that_looks_odd_makes_the_result_suspect(finished):
    suspect = {slide: read_result(finished, slide).suspect for slide in ("green", "glass")}

    assert suspect == {"green": "", "glass": "no tissue found"}


def test_what_of_the_overview_does_not_decode_is_among_the_warnings(bundle, tmp_path):
    tiles = iter(range(10**6))

    def without_the_first(pixels):
        return jpeg(pixels) if next(tiles) else b"damage"

    variant = Variant(1024, 768, encode=without_the_first, shared_tables=False)
    write_variant(tmp_path / "damaged.tif", variant, filled((TISSUE, PINK)))

    found = analysed(bundle, read_cohort(tmp_path / "damaged.tif"), tmp_path / "out")

    assert "% of the overview does not decode" in "; ".join(found["damaged"].warnings)


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


@pytest.fixture(scope="module")
def stained_cohort(tmp_path_factory):
    """A slide stained twice, and one of a single colour."""
    folder = tmp_path_factory.mktemp("stained")
    left, top, _, bottom = TISSUE
    image = filled()
    painted = np.rot90(tissue(count=1, size=384)[0])[:, :336]  # without its stripe of glass
    image[top:bottom, left : left + 336] = painted
    write_slide(folder / "twice.tif", image, MPP)
    write_slide(folder / "once.tif", filled((TISSUE, (225, 130, 180))), MPP)
    (folder / "cohort.csv").write_text("slide_id,path\nonce,once.tif\ntwice,twice.tif\n")
    return read_cohort(folder / "cohort.csv")


def analysed(bundle, entries, out, **more):
    """Results by slide id."""
    analysis = Analysis(bundle, HeatmapSettings(), ResultsFolder(out), **more)
    results, _ = run(analysis, units_of(entries), ["twice", "once"])
    return {result.slide_id: result for result in results}


def test_the_model_s_stain_is_given_to_a_slide_and_its_lack_is_told(stained_cohort, tmp_path):
    plain = write_colour_bundle(tmp_path / "plain", SIZE, MPP)
    green = write_colour_bundle(tmp_path / "green", SIZE, MPP, preprocessing=green_stain())

    as_scanned = analysed(plain, stained_cohort, tmp_path / "a")
    as_green = analysed(green, stained_cohort, tmp_path / "b")

    assert as_scanned["twice"].scores.maximum < 0.1
    assert as_green["twice"].scores.maximum > 0.5
    assert as_green["twice"].warnings == as_scanned["twice"].warnings
    assert as_green["once"].scores == as_scanned["once"].scores
    assert "its colours are as scanned: its tissue has one stain" in "; ".join(
        as_green["once"].warnings
    )


def test_colours_do_not_depend_on_how_the_slides_were_shared_out(stained_cohort, tmp_path):
    bundle = write_colour_bundle(tmp_path / "bundle", SIZE, MPP, preprocessing=green_stain())

    analysed(bundle, stained_cohort, tmp_path / "together")
    analysed(bundle, stained_cohort[::-1], tmp_path / "apart", workers=3)
    analysed(bundle, stained_cohort[1:], tmp_path / "alone")

    values = [
        read_heatmap(tmp_path / out / "twice.heatmap.h5").heatmap.values.tobytes()
        for out in ("together", "apart", "alone")
    ]
    assert values[0] == values[1] == values[2]


def test_results_in_other_colours_are_not_mixed_with_these(stained_cohort, tmp_path):
    plain = write_colour_bundle(tmp_path / "plain", SIZE, MPP)
    green = write_colour_bundle(tmp_path / "green", SIZE, MPP, preprocessing=green_stain())
    analysed(plain, stained_cohort[1:], tmp_path / "out")

    with pytest.raises(ConfigError, match="preprocessing_sha256"):
        analysed(green, stained_cohort[1:], tmp_path / "out")
