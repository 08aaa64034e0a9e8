from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import tifffile
from colour_model import write_colour_bundle
from tiff_slides import asap

from common.annotations import read_annotations
from common.cohort import read_cohort, write_cohort
from common.errors import ConfigError, SlideError
from common.model_bundle import read_bundle
from common.openslide_slide import OpenSlideSlide
from layer3_infer.analysis import Analysis
from layer3_infer.config import EvaluateSettings, HeatmapSettings
from layer3_infer.evaluation import evaluate_folder
from layer3_infer.pipeline import run
from layer3_infer.results_folder import ResultsFolder

QUICK = EvaluateSettings(replicates=50)


@pytest.fixture
def copy(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "copy")


def test_a_model_that_is_right_everywhere_has_an_area_of_one(copy, cohort_csv):
    found = evaluate_folder(copy, cohort_csv, QUICK)

    assert found["patches"]["auc"] == {"value": 1.0, "low": 1.0, "high": 1.0}
    assert (found["patches"]["tumor"], found["patches"]["normal"]) == (16, 272)
    assert found["slides"]["auc"]["value"] == 1.0
    assert (found["slides"]["positive"], found["slides"]["negative"]) == (1, 1)
    assert found["patches"]["by_slide"]["green"]["auc"] == 1.0
    assert found["patches"]["by_slide"]["pink"]["auc"] is None


def test_what_is_written_is_what_is_returned(copy, cohort_csv):
    found = evaluate_folder(copy, cohort_csv, QUICK)

    assert json.loads((copy / "evaluation.json").read_text()) == found


def test_slides_the_model_was_trained_on_are_named(copy, cohort_csv):
    assert evaluate_folder(copy, cohort_csv, QUICK)["trained_on"] == ["pink"]


def test_slides_without_an_answer_are_left_out_and_named(copy, cohort_csv):
    assert list(evaluate_folder(copy, cohort_csv, QUICK)["left_out"]) == ["glass"]


def test_patches_that_are_neither_are_left_out_and_counted(copy, tmp_path):
    folder = tmp_path / "annotations"
    folder.mkdir()
    (folder / "green.xml").write_text(asap([[(330, 192), (448, 192), (448, 320), (330, 320)]]))
    (folder / "other.xml").write_text(asap([[(0, 0), (9, 0), (9, 9)]]))

    found = evaluate_folder(copy, folder, EvaluateSettings(tumor_min=0.9, replicates=50))

    assert found["patches"]["left_out"] == 4
    assert found["patches"]["tumor"] == 12
    assert found["slides"]["auc"]["value"] is None
    assert found["left_out"] == {
        "glass": "nothing is known of it",
        "pink": "nothing is known of it",
    }
    assert found["without_heatmap"] == ["other"]
    assert found["intervals_over"] == "patients"


@pytest.mark.parametrize(("value", "settings"), [(255, {}), (2, {"mask_tumor": 2})])
def test_a_mask_is_as_good_as_the_outline_it_was_made_from(
    copy, cohort_csv, tmp_path, value, settings
):
    drawn = evaluate_folder(copy, cohort_csv, QUICK)["patches"]
    entries = {entry.slide_id: entry for entry in read_cohort(cohort_csv)}
    pyramid = OpenSlideSlide.of(entries["green"]).pyramid
    tumor = read_annotations(entries["green"].annotation).tumor
    left, top, right, bottom = (round(edge) for edge in tumor.bounds)
    mask = np.zeros((pyramid.height, pyramid.width), np.uint8)
    mask[top:bottom, left:right] = value
    tifffile.imwrite(tmp_path / "green_mask.tif", mask, tile=(128, 128))
    entries["green"] = replace(entries["green"], annotation=tmp_path / "green_mask.tif")
    write_cohort(entries.values(), tmp_path / "masked.csv")

    found = evaluate_folder(copy, tmp_path / "masked.csv", QUICK.model_copy(update=settings))

    assert found["patches"] == drawn


def test_a_cohort_with_no_slide_in_common_is_refused(copy, tmp_path):
    folder = tmp_path / "annotations"
    folder.mkdir()
    (folder / "other.xml").write_text(asap([[(0, 0), (9, 0), (9, 9)]]))

    with pytest.raises(ConfigError, match="found none in common"):
        evaluate_folder(copy, folder, QUICK)

    assert not (copy / "evaluation.json").exists()


def test_one_broken_annotation_leaves_out_its_slide_and_is_told(copy, tmp_path):
    folder = tmp_path / "annotations"
    folder.mkdir()
    (folder / "green.xml").write_text(asap([[(320, 192), (448, 192), (448, 320), (320, 320)]]))
    (folder / "pink.xml").write_text("<half")

    found = evaluate_folder(copy, folder, QUICK)

    assert found["patches"]["tumor"] == 16
    assert "pink.xml" in found["left_out"]["pink"]
    assert found["exit_status"] == 3
    (folder / "green.xml").unlink()
    with pytest.raises(SlideError, match=r"pink\.xml"):
        evaluate_folder(copy, folder, QUICK)


def test_a_damaged_heatmap_leaves_out_its_slide_and_is_told(copy, cohort_csv):
    (copy / "pink.heatmap.h5").write_bytes(b"half")

    found = evaluate_folder(copy, cohort_csv, QUICK)

    assert "expected a heatmap file" in found["left_out"]["pink"]
    assert found["exit_status"] == 4


def test_intervals_are_over_slides_where_no_patient_is_known(cohort_csv, bundle, tmp_path):
    cohort = cohort_csv.with_name("anonymous.csv")
    rows = [row.split(",") for row in cohort_csv.read_text().splitlines()]
    cohort.write_text("\n".join(",".join(row[:2] + row[4:]) for row in rows))
    analysis = Analysis(bundle, HeatmapSettings(), ResultsFolder(tmp_path))
    run(analysis, read_cohort(cohort), [])

    assert evaluate_folder(tmp_path, cohort, QUICK)["intervals_over"] == "slides"


def test_results_of_two_models_are_never_taken_together(copy, cohort_csv, tmp_path):
    other = read_bundle(write_colour_bundle(tmp_path / "other", size=64).path)
    entries = [entry for entry in read_cohort(cohort_csv) if entry.slide_id == "green"]
    run(Analysis(other, HeatmapSettings(), ResultsFolder(copy)), entries, ["green"], overwrite=True)

    found = evaluate_folder(copy, cohort_csv, QUICK)

    assert found["model_sha256"] == other.model_sha256
    assert list(found["patches"]["by_slide"]) == ["green"]
    assert found["left_out"]["pink"].startswith("made with another model")
