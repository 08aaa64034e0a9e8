from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import tifffile
from colour_model import write_colour_bundle
from slide_predictions import write_predictions
from tiff_slides import asap

from common.annotations import read_annotations
from common.cohort import read_cohort, write_cohort
from common.errors import ConfigError, ContractError, SlideError
from common.model_bundle import read_bundle
from common.openslide_slide import OpenSlideSlide
from common.units import units_of
from layer3_infer.analysis import Analysis
from layer3_infer.config import EvaluateSettings, HeatmapSettings
from layer3_infer.evaluation import Given, evaluate_folder
from layer3_infer.pipeline import run
from layer3_infer.results_folder import ResultsFolder

QUICK = EvaluateSettings(replicates=50)


@pytest.fixture
def copy(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "copy")


def test_a_model_that_is_right_everywhere_has_an_area_of_one(copy, cohort_csv):
    found = evaluate_folder(copy, cohort_csv, QUICK)

    assert found["patches"]["auc"]["value"] == 1.0
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
    run(analysis, units_of(read_cohort(cohort)), [])

    assert evaluate_folder(tmp_path, cohort, QUICK)["intervals_over"] == "slides"


def test_results_of_two_models_are_never_taken_together(copy, cohort_csv, tmp_path):
    other = read_bundle(write_colour_bundle(tmp_path / "other", size=64).path)
    entries = [entry for entry in read_cohort(cohort_csv) if entry.slide_id == "green"]
    run(
        Analysis(other, HeatmapSettings(), ResultsFolder(copy)),
        units_of(entries),
        ["green"],
        overwrite=True,
    )

    found = evaluate_folder(copy, cohort_csv, QUICK)

    assert found["model_sha256"] == other.model_sha256
    assert list(found["patches"]["by_slide"]) == ["green"]
    assert found["left_out"]["pink"].startswith("made with another model")


ONE = {"value": 1.0, "low": 1.0, "high": 1.0}


def detections_in(folder, **lines):
    """A table of detections for each slide named."""
    folder.mkdir()
    for slide_id, text in lines.items():
        (folder / f"{slide_id}.csv").write_text(text)
    return folder


def test_heatmaps_that_are_right_have_one_everywhere(right, known):
    found = evaluate_folder(right, known, QUICK)

    assert ONE.items() <= found["froc"]["score"].items()
    assert (found["froc"]["lesions"], found["froc"]["itc"], found["froc"]["slides"]) == (2, 1, 6)
    assert ONE.items() <= found["stages"]["kappa"].items()
    assert ONE.items() <= found["classes"]["kappa"].items()
    assert found["stages"]["by_patient"]["b"] == {"known": "pN1mi", "said": "pN1mi", "slides": 2}
    assert found["lesions"]["by_slide"]["a_0"]["annotated"]["macro"] == 1


def test_detections_curves_and_pictures_are_left_beside_the_numbers(right, known):
    evaluate_folder(right, known, QUICK)

    assert (right / "detections" / "a_1.csv").read_text() == ""
    assert (right / "detections" / "b_1.csv").read_text() == "0.9,288,288\n"
    assert (right / "froc.csv").read_text().splitlines()[1] == "0.9,0,1"
    assert (right / "froc.png").exists()
    assert (right / "roc.png").exists()


def test_detections_written_are_as_good_as_the_heatmaps_they_are_from(right, known, tmp_path):
    first = evaluate_folder(right, known, QUICK)["froc"]
    given = Given(detections=right / "detections")

    again = evaluate_folder(tmp_path / "out", known, QUICK, given)["froc"]

    assert {**again, "detections": ""} == {**first, "detections": ""}


def test_tables_of_others_need_no_heatmap(known, tmp_path):
    detections = detections_in(tmp_path / "theirs", a_0="0.9,600,600\n", a_1="0.4,9,9\n", b_0="")
    (tmp_path / "scores.csv").write_text("image,score\na_0.tif,7\nb_0.tif,6\na_1.tif,2\n")
    (tmp_path / "stages.csv").write_text("patient,stage\na.zip,pN1\nb.zip,pN0\nc.zip,pN0\n")
    given = Given(detections, tmp_path / "scores.csv", tmp_path / "stages.csv")

    found = evaluate_folder(tmp_path / "out", known, QUICK, given)

    assert found["patches"]["auc"]["reason"].startswith("no heatmap")
    assert found["slides"]["auc"]["value"] == 1
    assert found["froc"]["sensitivity"]["0.25"]["value"] == 0.5
    assert found["froc"]["by_slide"]["b_0"]["found"] == 0
    assert found["stages"]["by_patient"]["b"] == {"known": "pN1mi", "said": "pN0", "slides": 2}
    assert found["without_heatmap"] == []
    assert found["without_answer"] == ["b_1", "c_0", "c_1"]


def test_a_patients_stage_alone_is_enough_for_kappa(known, tmp_path):
    (tmp_path / "stages.csv").write_text("patient,stage\na.zip,pN1\nb.zip,pN1mi\nx.zip,pN0\n")

    found = evaluate_folder(tmp_path / "out", known, QUICK, Given(stages=tmp_path / "stages.csv"))

    assert found["stages"]["kappa"]["value"] == 1
    assert found["stages"]["left_out"] == {
        "c": "nothing is said of its slides",
        "x": "nothing is known of it",
    }
    assert not (tmp_path / "out" / "roc.png").exists()


def test_a_slide_that_others_say_nothing_of_is_left_out_of_froc_and_named(right, known, tmp_path):
    detections = detections_in(tmp_path / "theirs", a_0="0.9,600,600\n")

    found = evaluate_folder(right, known, QUICK, Given(detections=detections))["froc"]

    assert found["slides"] == 1
    assert found["left_out"]["b_0"] == "no detections of it were given"


def test_a_table_with_a_mistake_leaves_out_its_slide_and_is_told(known, tmp_path):
    detections = detections_in(tmp_path / "theirs", a_0="0.9,600,600\n", b_0="nan,1,2\n")

    found = evaluate_folder(tmp_path / "out", known, QUICK, Given(detections=detections))

    assert "b_0.csv: line 1: p: expected a number from 0 to 1" in found["left_out"]["b_0"]
    assert found["exit_status"] == 4
    (detections / "a_0.csv").unlink()
    with pytest.raises(ContractError, match="line 1: p"):
        evaluate_folder(tmp_path / "out", known, QUICK, Given(detections=detections))


def test_slides_whose_annotations_are_not_exhaustive_are_left_out_of_froc(make_results, make_known):
    slides = {"test_114": ("a", "macro"), "other": ("b", "micro")}
    results = make_results({name: (p, "", what) for name, (p, what) in slides.items()})

    found = evaluate_folder(results, make_known(slides), QUICK)["froc"]

    assert list(found["by_slide"]) == ["other"]
    assert "not exhaustive" in found["left_out"]["test_114"]


def test_where_the_scale_is_not_known_lesions_are_of_no_size(known, tmp_path):
    detections = detections_in(tmp_path / "theirs", a_0="0.9,600,600\n")
    (known.parent / "cohort.csv").unlink()
    given = Given(detections=detections)

    without = evaluate_folder(tmp_path / "out", known.parent, QUICK, given)["froc"]
    stated = evaluate_folder(tmp_path / "out", known.parent, QUICK, given, mpp=1.0)["froc"]

    assert "its scale is not known" in without["left_out"]["a_0"]
    assert stated["score"]["value"] == 1


def test_held_out_leaves_out_what_the_model_was_trained_on(make_results, make_known):
    slides = {"a": ("a", "macro"), "b": ("b", "negative"), "c": ("c", "micro")}
    seen = {"a": "train", "b": "", "c": "test"}
    results = make_results({name: (p, seen[name], what) for name, (p, what) in slides.items()})

    found = evaluate_folder(results, make_known(slides), QUICK, held_out=True)

    assert found["left_out"] == {"a": "the model was trained or chosen on it"}
    assert list(found["froc"]["by_slide"]) == ["b", "c"]
    assert found["trained_on"] == []


def test_detections_of_slides_left_out_since_do_not_stay(make_results, make_known):
    slides = {"a": ("a", "macro"), "b": ("b", "micro")}
    seen = {"a": "train", "b": ""}
    results = make_results({name: (p, seen[name], what) for name, (p, what) in slides.items()})
    known = make_known(slides)
    evaluate_folder(results, known, QUICK)
    (results / "detections" / "theirs.csv").write_text("0.9,1,2\n")

    evaluate_folder(results, known, QUICK, held_out=True)

    assert {path.name for path in (results / "detections").iterdir()} == {"b.csv", "theirs.csv"}


def test_one_patient_of_each_class_has_an_area_and_no_interval(make_results, make_known):
    slides = {"a": ("a", "macro"), "b": ("b", "negative")}
    results = make_results({name: (p, "", what) for name, (p, what) in slides.items()})

    found = evaluate_folder(results, make_known(slides), QUICK)["slides"]["auc"]

    assert (found["value"], found["low"], found["high"]) == (1.0, None, None)
    assert found["reason"] == f"no interval: only {found['resamples']} of 50 resamples define it"


STAGES = "patient,stage\na,pN1\nb,pN0\nc,pN1mi\n"


@pytest.fixture
def half_seen(make_results, make_known, tmp_path):
    """Results of three patients, of which the model was trained on two; stages are given."""
    slides = {"a": ("a", "macro"), "b": ("b", "negative"), "c": ("c", "micro")}
    seen = {"a": "train", "b": "valid", "c": "test"}
    results = make_results({name: (p, seen[name], what) for name, (p, what) in slides.items()})
    (tmp_path / "stages.csv").write_text(STAGES)
    return results, make_known(slides), Given(stages=tmp_path / "stages.csv")


def test_held_out_stages_no_patient_the_model_was_trained_on(half_seen):
    results, known, given = half_seen

    found = evaluate_folder(results, known, QUICK, given, held_out=True)

    assert list(found["stages"]["by_patient"]) == ["c"]
    assert found["stages"]["left_out"] == dict.fromkeys(
        ["a", "b"], "the model was trained or chosen on a slide of it"
    )
    assert found["trained_on"] == []


def test_patients_staged_that_the_model_was_trained_on_are_named(half_seen, make_known):
    results, known, given = half_seen
    for name in "ab":
        (results / "outcomes" / f"{name}.json").write_text(
            (results / "outcomes" / f"{name}.json").read_text().replace('"done"', '"failed"')
        )

    found = evaluate_folder(results, known, QUICK, given)

    assert list(found["stages"]["by_patient"]) == ["a", "b", "c"]
    assert found["trained_on"] == ["a", "b"]


def test_patients_that_only_the_results_know_are_staged(make_results, make_known, tmp_path):
    slides = {"a_0": ("a", "macro"), "b_0": ("b", "micro")}
    results = make_results({name: (p, "", what) for name, (p, what) in slides.items()})
    known = make_known({name: ("", what) for name, (_, what) in slides.items()})
    (tmp_path / "stages.csv").write_text("patient,stage\na,pN1\nb,pN0\n")

    ours = evaluate_folder(results, known, QUICK)
    theirs = evaluate_folder(results, known, QUICK, Given(stages=tmp_path / "stages.csv"))

    assert ours["stages"]["by_patient"]["a"] == {"known": "pN1", "said": "pN1", "slides": 1}
    assert theirs["stages"]["by_patient"]["b"] == {"known": "pN1mi", "said": "pN0", "slides": 1}
    assert ours["intervals_over"] == "patients"


def test_without_tumour_nothing_of_it_is_defined_and_the_reason_is_told(make_results, make_known):
    slides = {"a": ("a", "negative"), "b": ("b", "negative")}
    results = make_results({name: (p, "", what) for name, (p, what) in slides.items()})
    (results / "froc.png").write_text("of before")

    found = evaluate_folder(results, make_known(slides), QUICK)

    assert found["froc"]["score"]["reason"].startswith("no lesion")
    assert found["froc"]["sensitivity"]["8"]["value"] is None
    assert found["stages"]["kappa"]["reason"].startswith("fewer than two classes")
    assert not (results / "froc.png").exists()


def test_lesions_of_isolated_tumour_cells_alone_leave_froc_undefined(make_results, make_known):
    slides = {"a": ("a", "itc"), "b": ("b", "negative")}
    results = make_results({name: (p, "", what) for name, (p, what) in slides.items()})

    found = evaluate_folder(results, make_known(slides), QUICK)["froc"]

    assert (found["lesions"], found["itc"], found["score"]["value"]) == (0, 1, None)


def test_a_slide_model_goes_before_the_lesions_of_heatmaps(right, known):
    lines = [f"{name},{name[0]},0.5,itc" for name in ("a_0", "a_1", "b_0", "b_1", "c_0", "c_1")]
    write_predictions(right, "\n".join(["slide_id,patient,score,class", *lines]))

    found = evaluate_folder(right, known, QUICK)

    assert found["stages"]["said_by"] == "slide_predictions.csv"
    assert {one["said"] for one in found["stages"]["by_patient"].values()} == {"pN0(i+)"}
    assert found["slide_predictions"]["auc"]["value"] == 0.5
    assert found["slides"]["auc"]["value"] == 1


def test_nothing_said_of_any_known_slide_is_refused(known, tmp_path):
    with pytest.raises(ConfigError, match="or in the tables given, found none in common"):
        evaluate_folder(tmp_path / "out", known, QUICK)

    assert not (tmp_path / "out").exists()


def test_it_says_the_same_every_time(right, known):
    assert evaluate_folder(right, known, QUICK) == evaluate_folder(right, known, QUICK)


@pytest.mark.real_data
def test_a_detector_that_knows_the_truth_has_a_froc_score_of_one(shared_data, tmp_path):
    """On eight slides of real patches, with annotations that are not on the grid."""
    (tmp_path / "theirs").mkdir()
    for path in sorted((shared_data / "mosaic").glob("*.truth.npz")):
        rows, columns = np.nonzero(np.load(path)["tumor"])
        lines = [f"0.8,{96 * x + 48},{96 * y + 48}\n" for y, x in zip(rows, columns, strict=True)]
        name = path.name.removesuffix(".truth.npz")
        (tmp_path / "theirs" / f"{name}.csv").write_text("".join(lines))

    found = evaluate_folder(
        tmp_path / "out", shared_data / "mosaic", QUICK, Given(detections=tmp_path / "theirs")
    )

    assert ONE.items() <= found["froc"]["score"].items()
    assert (found["froc"]["slides"], found["froc"]["lesions"]) == (8, 5)
    kinds = {name: one["known"] for name, one in found["classes"]["by_slide"].items()}
    for name, one in found["lesions"]["by_slide"].items():
        assert one["annotated"].get(kinds[name], 0) == (kinds[name] != "negative")
