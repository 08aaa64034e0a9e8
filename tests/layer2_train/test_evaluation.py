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
from common.patch_file.reader import PatchFile, find_patch_files
from layer2_train.config import EvaluateSettings
from layer2_train.dataset import PatchDataset
from layer2_train.evaluation import clusters, evaluate

QUICK = EvaluateSettings(batch_size=8, bootstrap=20)


def darkness_network(size=16):
    """A network of Keras' own layers that calls dark patches tumour."""
    image = keras.Input((size, size, 3))
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(-1 / 25, offset=6)(image))
    head = keras.layers.Dense(1, activation="sigmoid", kernel_initializer="ones", name="head")
    return keras.Model(image, head(x))


@pytest.fixture
def bundle(tmp_path):
    """A bundle that has trained on a slide and a patient of the cohort."""
    manifest = Manifest(
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


def test_patches_of_another_scale_are_refused(bundle, tmp_path):
    write_patch_file(tmp_path / "patches", "a", mpp=0.5)

    with pytest.raises(ContractError, match=r"a.h5.*expected 16 px at 1 um/px as in .*bundle.json"):
        evaluate(bundle, tmp_path / "patches", tmp_path / "out", QUICK)


def test_results_of_another_configuration_are_not_replaced_unasked(bundle, tmp_path):
    patches = write_cohort(tmp_path / "patches", n=2)
    other = EvaluateSettings(batch_size=8, bootstrap=20, threshold=0.9)
    evaluate(bundle, patches, tmp_path / "out", QUICK)

    with pytest.raises(ConfigError, match="threshold: 0.5 there, 0.9 here"):
        evaluate(bundle, patches, tmp_path / "out", other)

    found = evaluate(bundle, patches, tmp_path / "out", other, overwrite=True)
    assert found["all"]["threshold"] == 0.9


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

    with pytest.raises(ConfigError, match=r"patches: expected patches labelled .* found 3 without"):
        evaluate(bundle, tmp_path / "patches", tmp_path / "out", QUICK)

    assert not (tmp_path / "out").exists()


def test_patches_are_united_by_patient_then_by_slide_then_not_at_all(tmp_path):
    write_patch_file(tmp_path, "a", patient="p", n=2)
    write_patch_file(tmp_path, "b", patient="p", n=2)
    write_patch_file(tmp_path, "c", n=2)
    write_patch_file(tmp_path, "d", n=2, placed=False)

    groups, kind = clusters(PatchDataset(find_patch_files(tmp_path)))

    assert groups[0] == groups[1] == groups[2] == groups[3]
    assert groups[4] == groups[5]
    assert len(np.unique(groups)) == 4
    assert kind == "patients and slides and patches"


def test_patches_without_place_belong_to_their_patient_where_he_is_known(tmp_path):
    path = write_patch_file(tmp_path, "a", patient="p", n=4, placed=False)

    groups, kind = clusters(PatchDataset([PatchFile(path)]))

    assert len(np.unique(groups)) == 1
    assert kind == "patients"
