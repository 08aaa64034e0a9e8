from __future__ import annotations

import json
import logging

import numpy as np
import pytest
from staged_results import stage_slides, values_of, write_cohort, write_results

from common.errors import ConfigError, ContractError
from layer3_infer.config import SlideModelSettings
from layer3_infer.results_folder import ResultsFolder
from layer3_infer.slide_model.training import Seen, train_slide_model

SETTINGS = SlideModelSettings(folds=3, replicates=20)


def some(names, patients, seen="", seed=0):
    rng = np.random.default_rng(seed)
    slides = {
        f"{patient}_{name}": (patient, seen, values_of(name, rng))
        for patient in patients
        for name in names
    }
    return slides, {slide_id: slide_id.partition("_")[2] for slide_id in slides}


def test_the_file_says_what_it_was_made_of(trained):
    made = trained[1]

    assert made.classes == ("negative", "itc", "micro", "macro")
    assert made.counts == dict.fromkeys(made.classes, 6)
    assert made.thresholds == (0.5, 0.9)
    assert made.heatmaps.model_sha256 == "a" * 64
    assert made.settings["folds"] == 3
    assert made.cross_validation["auc"]["value"] > 0.95
    assert made.cross_validation["auc"]["low"] is not None
    assert len(made.slides) == 24


def test_the_same_slides_in_several_folders_give_the_same_model(staged, trained, tmp_path):
    slides, _ = stage_slides()
    names = sorted(slides)
    halves = [{name: slides[name] for name in part} for part in (names[:9], names[9:])]
    folders = [write_results(tmp_path / str(n), half) for n, half in enumerate(halves)]

    made, _ = train_slide_model(folders, staged[1], tmp_path / "model.json", SETTINGS)

    assert made.model_dump(exclude={"patients", "sha256"}) == trained[1].model_dump(
        exclude={"patients", "sha256"}
    )


def test_the_threshold_of_the_patch_model_is_measured_too(staged, tmp_path):
    slides, _ = stage_slides()
    folder = write_results(tmp_path / "out", slides)
    ResultsFolder(folder).model.write_text(json.dumps({"threshold": 0.71239}))

    made, _ = train_slide_model([folder], staged[1], tmp_path / "m.json", SETTINGS)

    assert made.thresholds == (0.5, 0.7124, 0.9)
    assert "regions_above_0.7124" in made.features


def test_without_stages_slides_are_negative_or_positive(staged, tmp_path):
    labels = stage_slides()[1]
    words = {s: "negative" if label == "negative" else "positive" for s, label in labels.items()}
    cohort = write_cohort(tmp_path / "cohort.csv", words)

    made, _ = train_slide_model([staged[0]], cohort, tmp_path / "m.json", SETTINGS)

    assert made.classes == ("negative", "positive")
    assert made.coefficients[0] == (0.0,) * len(made.features)


def test_slides_that_cannot_serve_are_left_out_with_the_reason(tmp_path):
    slides, labels = stage_slides()
    slides |= {"blank": ("p9", "", None), "unknown": ("p9", "", slides["p0_itc"][2])}
    slides["unlabelled"] = ("p9", "", slides["p0_itc"][2])
    cohort = write_cohort(tmp_path / "c.csv", {**labels, "blank": "negative", "unlabelled": ""})
    folder = write_results(tmp_path / "out", slides)

    _, left_out = train_slide_model([folder], cohort, tmp_path / "m.json", SETTINGS)

    assert left_out["blank"] == "nothing was analysed: no tissue"
    assert left_out["unknown"] == "nothing is known of it"
    assert "no annotation" in left_out["unlabelled"]


def test_slides_the_patch_model_was_trained_on_are_refused_left_out_or_allowed(tmp_path, caplog):
    slides, labels = some(["negative", "macro"], ["p0", "p1", "p2"])
    seen, more = some(["negative", "macro"], ["p3"], seen="train", seed=1)
    tested, others = some(["negative", "macro"], ["p4"], seen="test", seed=2)
    cohort = write_cohort(tmp_path / "cohort.csv", labels | more | others)
    folder = write_results(tmp_path / "out", slides | seen | tested)
    given = ([folder], cohort, tmp_path / "m.json", SETTINGS)

    with pytest.raises(ConfigError, match="found p3_macro, p3_negative"):
        train_slide_model(*given)
    assert not (tmp_path / "m.json").exists()
    made, left_out = train_slide_model(*given, seen=Seen.LEAVE_OUT)
    assert sorted(left_out) == sorted(seen)
    assert sum(made.counts.values()) == 8
    with caplog.at_level(logging.WARNING):
        made, left_out = train_slide_model(*given, seen=Seen.ALLOW, overwrite=True)
    assert (sum(made.counts.values()), left_out) == (10, {})
    assert "flattering" in caplog.text


def test_heatmaps_made_for_another_patient_are_refused_left_out_or_allowed(tmp_path, caplog):
    slides, labels = some(["negative", "macro"], ["p0", "p1", "p2"])
    unasked, more = some(["negative", "macro"], ["p3"], seed=1)
    unasked = {name: ("", seen, values) for name, (_, seen, values) in unasked.items()}
    patients = {name: name.partition("_")[0] for name in labels | more}
    cohort = tmp_path / "cohort.csv"
    rows = [f"{name},{name}.tif,{patients[name]},{one}" for name, one in (labels | more).items()]
    cohort.write_text("\n".join(["slide_id,path,patient,slide_label", *rows, ""]))
    folder = write_results(tmp_path / "out", slides | unasked)
    given = ([folder], cohort, tmp_path / "m.json", SETTINGS)

    with pytest.raises(ConfigError, match="p3_macro, p3_negative.*Make the heatmaps anew") as told:
        train_slide_model(*given)
    assert "made for no known patient, not for patient 'p3'" in str(told.value)
    assert not (tmp_path / "m.json").exists()
    made, left_out = train_slide_model(*given, seen=Seen.LEAVE_OUT)
    assert sorted(left_out) == sorted(unasked)
    assert made.patients.split_of("p3") == ""
    with caplog.at_level(logging.WARNING):
        made, left_out = train_slide_model(*given, seen=Seen.ALLOW, overwrite=True)
    assert (sum(made.counts.values()), left_out) == (8, {})
    assert made.patients.split_of("p3") == "train"
    assert "may have met the patients of p3_macro, p3_negative" in caplog.text


def test_annotations_that_name_no_patient_leave_those_of_the_heatmaps(staged, trained):
    assert trained[1].patients.split_of("p0") == "train"


def test_one_word_says_what_becomes_of_seen_slides():
    assert Seen.of(held_out=True, allow_seen=False) is Seen.LEAVE_OUT
    assert Seen.of(held_out=False, allow_seen=True) is Seen.ALLOW
    with pytest.raises(ConfigError, match="expected one of them"):
        Seen.of(held_out=True, allow_seen=True)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model_sha256": "e" * 64}, "model_sha256 eee"),
        ({"stride": 32}, "stride_um 8 instead of 16"),
        ({"locations": "patches"}, "locations patches instead of tissue"),
    ],
)
def test_heatmaps_of_other_models_or_steps_are_not_mixed(staged, tmp_path, changes, message):
    slides, labels = some(["negative", "macro"], ["q0"])
    more = write_results(tmp_path / "more", slides, **changes)
    cohort = write_cohort(tmp_path / "cohort.csv", stage_slides()[1] | labels)

    with pytest.raises(ConfigError, match=message):
        train_slide_model([staged[0], more], cohort, tmp_path / "m.json", SETTINGS)


def test_a_slide_is_given_once(staged, tmp_path):
    with pytest.raises(ConfigError, match="expected each slide once"):
        train_slide_model([staged[0]] * 2, staged[1], tmp_path / "m.json", SETTINGS)


def test_a_file_that_is_there_is_kept(staged, trained):
    before = trained[0].read_bytes()
    with pytest.raises(ConfigError, match="found a file. Give --overwrite"):
        train_slide_model([staged[0]], staged[1], trained[0], SETTINGS)
    assert trained[0].read_bytes() == before


def test_a_damaged_heatmap_stops_the_training(staged, tmp_path):
    slides, _ = some(["negative"], ["p"])
    folder = write_results(tmp_path / "out", slides)
    ResultsFolder(folder).heatmap("p_negative").write_bytes(b"damaged")

    with pytest.raises(ContractError, match="HDF5 cannot open"):
        train_slide_model([folder], staged[1], tmp_path / "m.json", SETTINGS)
