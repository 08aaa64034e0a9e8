from __future__ import annotations

import csv
import json
import logging

import keras
import numpy as np
import pytest
from patch_files import write_cohort, write_patch_file

from common.errors import ConfigError, ContractError
from common.model_bundle import Manifest, SeenPatients, write_bundle
from common.patch_file.reader import find_patch_files
from common.prediction import Predictor
from common.preprocessing import Preprocessing
from layer2_train.config import EvaluateSettings, TrainSettings
from layer2_train.dataset import PatchDataset
from layer2_train.evaluation import answer, evaluate, judged
from layer2_train.thresholds import Chosen

QUICK = EvaluateSettings(batch_size=8, bootstrap=20)


def darkness_network(size=16):
    """A network of Keras' own layers that calls dark patches tumour."""
    image = keras.Input((size, size, 3))
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(-1 / 25, offset=6)(image))
    head = keras.layers.Dense(1, activation="sigmoid", kernel_initializer="ones", name="head")
    return keras.Model(image, head(x))


def measured(threshold, rule="youden"):
    """What a bundle says of its own results."""
    choice = {"rule": rule, "at": None, "on": "valid"}
    return {"valid": {"threshold": threshold, "threshold_choice": choice}}


@pytest.fixture
def bundle(tmp_path):
    """A bundle that has trained on a slide and a patient of the cohort."""
    return write(tmp_path)


def write(tmp_path, **more):
    manifest = Manifest(
        **more,
        architecture="darkness",
        patch_size=16,
        patch_mpp=1.0,
        cam_layer="head",
        slides={"train": ["seen slide"], "test": ["tested slide"]},
        patients=SeenPatients.of({"valid": ["patient_002"], "test": ["patient_003"]}),
    )
    write_bundle(tmp_path / "bundle", manifest, darkness_network().save, "# card")
    return tmp_path / "bundle"


def test_writes_what_it_found(bundle, tmp_path):
    found = evaluate(bundle, write_cohort(tmp_path / "patches"), tmp_path / "out", QUICK)

    assert json.loads((tmp_path / "out" / "metrics.json").read_text()) == found
    assert found["all"]["n"] == 48
    assert found["all"]["auc"]["value"] == 1.0
    assert found["all"]["accuracy"]["value"] == 1.0
    assert found["all"]["intervals_over"] == "patients"
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "metrics.json",
        "roc.png",
        "reliability.png",
        "confusion.png",
        "centres.png",
        "predictions.csv",
        "run.json",
        "config.resolved.yaml",
    }


def test_each_patch_has_its_line_with_its_place(bundle, tmp_path):
    write_patch_file(tmp_path / "patches", "a", patient="p", labels=[0, -1, 1])
    write_patch_file(tmp_path / "patches", "b", patient="q", labels=[1], placed=False)

    evaluate(bundle, tmp_path / "patches", tmp_path / "out", QUICK)

    text = (tmp_path / "out" / "predictions.csv").read_text()
    lines = list(csv.DictReader(text.splitlines()))
    assert [(one["slide_id"], one["x"], one["y"], one["label"]) for one in lines] == [
        ("a", "0", "0", "0"),
        ("a", "32", "0", "1"),
        ("b", "-1", "-1", "1"),
    ]
    assert [float(one["probability"]) > 0.5 for one in lines] == [False, True, True]


def test_slides_seen_in_training_are_listed_and_warned_of(bundle, tmp_path, caplog):
    folder = tmp_path / "patches"
    write_patch_file(folder, "a", patient="patient_001", fingerprint="seen slide")
    write_patch_file(folder, "b", patient="patient_002")
    write_patch_file(folder, "c", patient="patient_003", fingerprint="tested slide")
    write_patch_file(folder, "d", patient="")

    with caplog.at_level(logging.WARNING):
        found = evaluate(bundle, folder, tmp_path / "out", QUICK)

    assert found["seen_in_training"] == [
        {"slide_id": "a", "split": "train"},
        {"slide_id": "b", "split": "valid"},
    ]
    assert "2 of 4 slides, or their patients, were seen in training" in caplog.text


def test_several_folders_are_measured_as_one(bundle, tmp_path):
    for name in ("one", "other"):
        write_patch_file(tmp_path / name, f"slide_{name}", patient=name)

    found = evaluate(bundle, [tmp_path / "one", tmp_path / "other"], tmp_path / "out", QUICK)

    assert found["all"]["n"] == 16


def test_a_copy_of_a_file_is_refused_by_name(bundle, tmp_path):
    for name in ("l1", "l1copy"):
        write_patch_file(tmp_path / name, "a", patient="p")
        write_patch_file(tmp_path / name, f"only_{name}", patient="q")

    with pytest.raises(ConfigError, match=r"l1/a.h5 \(patient p\) and l1copy/a.h5 .* the same"):
        evaluate(bundle, [tmp_path / "l1", tmp_path / "l1copy"], tmp_path / "out", QUICK)

    assert not (tmp_path / "out").exists()


def test_equal_patches_of_two_slides_are_warned_of(bundle, tmp_path, caplog):
    patches = np.full((4, 16, 16, 3), 120, np.uint8)
    for slide_id in ("a", "b"):
        write_patch_file(tmp_path / "patches", slide_id, patient=slide_id, patches=patches)

    with caplog.at_level(logging.WARNING):
        found = evaluate(bundle, tmp_path / "patches", tmp_path / "out", QUICK)

    assert found["all"]["n"] == 8
    assert "a.h5 (patient a) and b.h5 (patient b) hold the same patches" in caplog.text


def test_every_unfit_file_is_named_at_once(bundle, tmp_path):
    patches = write_cohort(tmp_path / "patches")
    write_patch_file(patches, "small", size=8)
    (patches / "half.h5").write_bytes(b"half")

    with pytest.raises(ContractError, match=r"(?s)half\.h5.*small\.h5: .*as in .*bundle\.json"):
        evaluate(bundle, patches, tmp_path / "out", QUICK)


def test_patches_of_another_scale_are_refused(bundle, tmp_path):
    write_patch_file(tmp_path / "patches", "a", mpp=0.5)

    with pytest.raises(ContractError, match=r"a.h5.*expected 16 px at 1 um/px as in .*bundle.json"):
        evaluate(bundle, tmp_path / "patches", tmp_path / "out", QUICK)


def test_results_of_another_configuration_are_not_replaced_unasked(bundle, tmp_path):
    patches = write_cohort(tmp_path / "patches", n=2)
    other = EvaluateSettings(batch_size=8, bootstrap=20, threshold=0.9)
    evaluate(bundle, patches, tmp_path / "out", QUICK)

    with pytest.raises(ConfigError, match="threshold: None there, 0.9 here"):
        evaluate(bundle, patches, tmp_path / "out", other)

    found = evaluate(bundle, patches, tmp_path / "out", other, overwrite=True)
    assert found["all"]["threshold"] == 0.9


@pytest.mark.parametrize("overwrite", [True, False])
def test_a_measurement_that_is_killed_leaves_no_results_of_the_one_before(
    bundle, tmp_path, monkeypatch, overwrite
):
    patches, out = write_cohort(tmp_path / "patches", n=2), tmp_path / "out"
    evaluate(bundle, patches, out, QUICK)
    later = QUICK.model_copy(update={"threshold": 0.9}) if overwrite else QUICK

    def killed(*_, **__):
        raise KeyboardInterrupt

    for step in ("answer", "claim"):
        with monkeypatch.context() as patched:
            patched.setattr(f"layer2_train.evaluation.{step}", killed)
            with pytest.raises(KeyboardInterrupt):
                evaluate(bundle, patches, out, later, overwrite=overwrite)
        assert {path.name for path in out.iterdir()} == {"run.json", "config.resolved.yaml"}
        evaluate(bundle, patches, out, later, overwrite=overwrite)


def test_a_network_that_does_not_load_costs_no_results(bundle, tmp_path):
    patches, out = write_cohort(tmp_path / "patches", n=2), tmp_path / "out"
    found = evaluate(bundle, patches, out, QUICK)
    record = (out / "run.json").read_text()
    manifest = Manifest(architecture="none", patch_size=16, patch_mpp=1.0, cam_layer="head")
    write_bundle(tmp_path / "broken", manifest, lambda path: path.write_text("none"), "# card")

    with pytest.raises(ContractError, match="a network Keras loads"):
        evaluate(tmp_path / "broken", patches, out, QUICK, overwrite=True)

    assert json.loads((out / "metrics.json").read_text()) == found
    assert (out / "run.json").read_text() == record


def test_results_of_other_patches_are_not_replaced_unasked(bundle, tmp_path):
    patches = write_cohort(tmp_path / "patches", n=2)
    evaluate(bundle, patches, tmp_path / "out", QUICK)
    evaluate(bundle, patches, tmp_path / "out", QUICK)
    write_patch_file(patches, "one_more", n=2)

    with pytest.raises(ConfigError, match=r"run.json: .* found another patches_sha256"):
        evaluate(bundle, patches, tmp_path / "out", QUICK)

    assert evaluate(bundle, patches, tmp_path / "out", QUICK, overwrite=True)["all"]["n"] == 14


def test_results_of_other_patches_of_equal_counts_are_not_replaced_unasked(bundle, tmp_path):
    patches = tmp_path / "patches"
    write_patch_file(patches, "a", labels=[0, 0, 1, 1])
    evaluate(bundle, patches, tmp_path / "out", QUICK)
    write_patch_file(patches, "a", labels=[0, 1, 0, 1])

    with pytest.raises(ConfigError, match=r"another patches_sha256. .*or --overwrite"):
        evaluate(bundle, patches, tmp_path / "out", QUICK)


def test_patches_without_labels_cannot_be_evaluated_on(bundle, tmp_path):
    write_patch_file(tmp_path / "patches", "a", labels=[-1, -1, -1])

    with pytest.raises(ConfigError, match=r"--patches: expected patches .* found 3 without"):
        evaluate(bundle, tmp_path / "patches", tmp_path / "out", QUICK)

    assert not (tmp_path / "out").exists()


def test_the_threshold_is_the_one_the_bundle_chose_unless_another_is_given(tmp_path):
    model = write(tmp_path, metrics=measured(0.125))
    patches = write_cohort(tmp_path / "patches", n=4)

    own = evaluate(model, patches, tmp_path / "own", QUICK)["all"]
    given = evaluate(
        model, patches, tmp_path / "given", QUICK.model_copy(update={"threshold": 0.75})
    )["all"]

    assert own["threshold"] == 0.125
    assert own["threshold_choice"] == {"rule": "youden", "at": None, "on": "valid"}
    assert given["threshold"] == 0.75
    assert given["threshold_choice"] == {"rule": "fixed", "at": None, "on": None}


def test_another_look_at_the_test_set_is_counted_and_told(bundle, tmp_path, caplog):
    patches = tmp_path / "patches"
    write_patch_file(patches, "a", patient="patient_003")
    write_patch_file(patches, "b", patient="patient_009")
    higher = QUICK.model_copy(update={"threshold": 0.75})

    with caplog.at_level(logging.WARNING):
        first = evaluate(bundle, patches, tmp_path / "one", QUICK)
    again = evaluate(bundle, patches, tmp_path / "one", QUICK)
    second = evaluate(bundle, patches, tmp_path / "two", higher)

    assert "1 of 2 slides are of the test set" in caplog.text
    assert first["test_set"] == again["test_set"] == {"slides": 1, "looks": 1}
    assert second["test_set"] == {"slides": 1, "looks": 2}
    assert len((bundle.parent / "test_looks.csv").read_text().splitlines()) == 3


def test_how_patches_are_batched_and_resampled_is_no_new_look(tmp_path):
    model = write(tmp_path, metrics=measured(0.125))
    write_patch_file(tmp_path / "patches", "a", patient="patient_003")
    given = ({}, {"batch_size": 4}, {"bootstrap": 10}, {"threshold": 0.125}, {"threshold": 0.25})

    looks = [
        evaluate(model, tmp_path / "patches", tmp_path / f"{n}", QUICK.model_copy(update=changed))[
            "test_set"
        ]["looks"]
        for n, changed in enumerate(given)
    ]

    assert looks == [1, 1, 1, 1, 2]


def test_looks_at_the_test_set_of_a_model_beside_do_not_count(tmp_path):
    looks = []
    for name, slides in (("a", ["s"]), ("b", ["t"]), ("c", ["t"])):
        manifest = Manifest(
            architecture="darkness",
            patch_size=16,
            patch_mpp=1.0,
            cam_layer="head",
            slides={"test": slides},
            metrics=measured(0.1 if name == "c" else 0.2),
        )
        write_bundle(tmp_path / "models" / name, manifest, darkness_network().save, "# card")
        patches = tmp_path / f"patches_{name}"
        write_patch_file(patches, "slide", fingerprint=slides[0])
        found = evaluate(tmp_path / "models" / name, patches, tmp_path / f"out_{name}", QUICK)
        looks.append(found["test_set"]["looks"])

    assert looks == [1, 1, 2]


def test_other_slides_are_no_look_at_the_test_set(bundle, tmp_path):
    write_patch_file(tmp_path / "patches", "x", patient="nobody", n=4)

    found = evaluate(bundle, tmp_path / "patches", tmp_path / "out", QUICK)

    assert found["test_set"] == {"slides": 0, "looks": None}
    assert not (bundle.parent / "test_looks.csv").exists()


def test_results_are_told_by_centre_and_a_centre_of_one_class_is_no_error(bundle, tmp_path):
    patches = tmp_path / "patches"
    write_patch_file(patches, "a", patient="p", centre="0", n=8)
    write_patch_file(patches, "b", patient="q", centre="0", n=8)
    write_patch_file(patches, "c", patient="r", centre="1", labels=[0, 0, 0])
    write_patch_file(patches, "d", patient="s", n=4)

    found = evaluate(bundle, patches, tmp_path / "out", QUICK)["all"]

    assert set(found["centres"]) == {"0", "1"}
    assert found["centres"]["0"]["n"] == 16
    assert found["centres"]["0"]["auc"]["value"] == 1.0
    assert found["centres"]["1"]["auc"] == {"value": None, "low": None, "high": None}
    assert found["centres"]["1"]["specificity"]["value"] == 1.0
    assert found["patients"] == 4
    assert (tmp_path / "out" / "centres.png").exists()


def test_colours_are_normalised_as_the_bundle_says(tmp_path):
    preprocessing = Preprocessing.of("reinhard", 16)
    write_patch_file(tmp_path / "patches", "a", patient="p", n=16)

    plain = evaluate(write(tmp_path), tmp_path / "patches", tmp_path / "plain", QUICK)
    other = evaluate(
        write(tmp_path, preprocessing=preprocessing),
        tmp_path / "patches",
        tmp_path / "stained",
        QUICK,
    )

    scores = [(tmp_path / name / "predictions.csv").read_text() for name in ("plain", "stained")]
    assert plain["all"]["n"] == other["all"]["n"] == 16
    assert scores[0] != scores[1]


def test_a_rule_is_chosen_on_the_first_split_and_applied_to_the_next(tmp_path):
    settings = TrainSettings(threshold="youden", bootstrap=20)
    valid = PatchDataset([*find_patch_files(write_patch_file(tmp_path / "v", "a").parent)])
    test = PatchDataset([*find_patch_files(write_patch_file(tmp_path / "t", "b").parent)])
    predictor = Predictor(darkness_network(), Preprocessing(), 8)

    first = answer(predictor, valid, settings, "valid")
    second = answer(predictor, test, settings, "test", threshold=first.threshold)

    assert first.threshold.rule == "youden"
    assert first.threshold.on == "valid"
    assert second.threshold == first.threshold
    assert first.metrics["accuracy"]["value"] == 1.0


def test_scores_that_are_there_already_are_judged_without_a_network(tmp_path):
    write_patch_file(tmp_path, "a", patient="p", labels=[0, 1, 1])
    write_patch_file(tmp_path, "b", patient="q", labels=[1])
    dataset = PatchDataset([*find_patch_files(tmp_path)])

    found = judged(np.array([0.1, 0.6, 0.2, 0.9], np.float32), dataset, Chosen(0.5), replicates=20)

    assert found.metrics["sensitivity"]["value"] == pytest.approx(2 / 3)
    assert found.metrics["intervals_over"] == "patients"
