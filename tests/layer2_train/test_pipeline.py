from __future__ import annotations

import json
import zipfile
from contextlib import contextmanager
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest
from patch_files import write_cohort, write_patch_file

from common.config import load
from common.errors import ConfigError
from common.model_bundle import read_bundle
from layer2_train import distributed
from layer2_train.anonymity import without_names
from layer2_train.config import TrainSettings
from layer2_train.launch import alone
from layer2_train.pipeline import train
from layer2_train.ranks import Alone

QUICK = [
    "network.name=camnet_small",
    "optimizer={name: adam}",
    "batch_size=8",
    "epochs=1",
    "bootstrap=20",
    "split={valid: [patient_001, patient_002], test: [patient_003, patient_004]}",
]
PCAM_SMALL = Path(__file__).parents[2] / "configs" / "layer2_train" / "pcam_small.yaml"
FILES = {
    "bundle",
    "centres.png",
    "checkpoints",
    "config.resolved.yaml",
    "confusion.png",
    "curves.png",
    "history.csv",
    "metrics.json",
    "reliability.png",
    "roc.png",
    "run.json",
    "splits.csv",
    "tensorboard",
    "test_looks.csv",
}


def quick(*overrides):
    return load(TrainSettings, overrides=[*QUICK, *overrides])


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """One finished run: its folder and its patches."""
    folder = tmp_path_factory.mktemp("run")
    patches = write_cohort(folder / "patches")
    train(quick(), patches, folder / "out")
    return folder


def test_leaves_a_whole_run_directory(run):
    assert {path.name for path in (run / "out").iterdir()} == FILES
    metrics = json.loads((run / "out" / "metrics.json").read_text())
    assert set(metrics) == {"valid", "test"}
    assert metrics["test"]["n"] == 16
    assert set(metrics["test"]["auc"]) == {"value", "low", "high"}
    assert metrics["test"]["groups"] == 2
    assert (run / "out" / "history.csv").read_text().count("\n") == 2


def test_the_bundle_is_verified_and_loads_with_keras_alone(run):
    bundle = read_bundle(run / "out" / "bundle")

    network = keras.saving.load_model(bundle.path / "model.keras", compile=False, safe_mode=True)
    assert bundle.load_network().input_shape == network.input_shape == (None, 16, 16, 3)
    assert network.get_layer(bundle.manifest.cam_layer).name == "head_conv"
    assert bundle.manifest.patch_size == 16
    assert bundle.manifest.metrics == json.loads((run / "out" / "metrics.json").read_text())


def test_the_bundle_knows_whom_it_has_seen_but_names_nobody(run):
    bundle = read_bundle(run / "out" / "bundle")

    assert bundle.manifest.split_of("another slide", "patient_001") == "valid"
    assert bundle.manifest.split_of("another slide", "patient_005") == "train"
    for name in ("bundle.json", "MODEL_CARD.md"):
        assert "patient_00" not in (bundle.path / name).read_text()


def test_a_finished_run_says_so_and_changes_nothing(run):
    before = {path: path.stat().st_mtime_ns for path in (run / "out").rglob("*") if path.is_file()}

    again = train(quick(), run / "patches", run / "out")

    assert again.finished_before
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_a_run_of_another_configuration_is_refused(run):
    with pytest.raises(ConfigError, match="epochs: 1 there, 2 here"):
        train(quick("epochs=2"), run / "patches", run / "out")


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_run_that_another_launch_is_at_work_on_is_refused(run, overwrite):
    """Its results would be those of neither."""
    before = {path: path.stat().st_mtime_ns for path in (run / "out").rglob("*") if path.is_file()}

    with (
        alone(run / "out"),
        pytest.raises(ConfigError, match="found a training at work: host .* pid"),
    ):
        train(quick("epochs=2"), run / "patches", run / "out", overwrite=overwrite)

    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_a_run_that_began_with_other_patches_is_refused(run, tmp_path):
    other = write_cohort(tmp_path / "patches", n=4)

    with pytest.raises(
        ConfigError, match=r"splits.csv: expected the patch files this run began with"
    ):
        train(quick(), other, run / "out")


def test_a_run_that_began_with_other_patches_of_equal_counts_names_the_file(run, tmp_path):
    other = write_cohort(tmp_path / "patches")
    labels = [1, 0] * 4
    write_patch_file(
        other, "patient_002_node_0", patient="patient_002", centre="centre_0", labels=labels
    )

    with pytest.raises(
        ConfigError, match=r"others: patient_002_node_0.h5 \(content_sha256\)\. .*or --overwrite"
    ):
        train(quick(), other, run / "out")


def test_a_broken_bundle_is_made_anew_and_overwriting_begins_anew(tmp_path):
    patches = write_cohort(tmp_path / "patches")
    out = tmp_path / "out"
    first = train(quick(), patches, out)
    (out / "bundle" / "MODEL_CARD.md").write_text("changed")

    mended = train(quick(), patches, out)
    anew = train(quick("seed=1"), patches, out, overwrite=True)

    assert not mended.finished_before
    assert mended.metrics == first.metrics
    assert not anew.finished_before
    assert read_bundle(out / "bundle").manifest.config["seed"] == 1


def test_a_wrong_layer_name_costs_no_finished_model_and_leaves_no_trace(run, tmp_path):
    before = set((run / "out").rglob("*"))
    wrong = quick("network={name: camnet_small, freeze: {until: block9}}")

    for out in (run / "out", tmp_path / "new"):
        with pytest.raises(ConfigError, match="until: found .block9.: no such layer"):
            train(wrong, run / "patches", out, overwrite=True)

    assert set((run / "out").rglob("*")) == before
    assert read_bundle(run / "out" / "bundle").manifest.architecture == "camnet_small"
    assert not list((tmp_path / "new").iterdir())


def test_training_needs_both_classes(tmp_path):
    for number in range(3):
        write_patch_file(tmp_path, f"s{number}", patient=f"p{number}", labels=[0, 0])

    with pytest.raises(ConfigError, match="expected normal and tumor patches, found no tumor"):
        train(quick("split={valid: 0.2}"), tmp_path, tmp_path / "out")

    assert not (tmp_path / "out").exists()


def test_stopping_early_needs_validation(tmp_path):
    settings = quick("split={valid: 0, test: 0}", "early_stopping.patience=2")

    with pytest.raises(ConfigError, match=r"early_stopping.patience: expected validation patches"):
        train(settings, write_cohort(tmp_path), tmp_path / "out")


def test_patients_named_in_a_configuration_become_a_number():
    config = without_names(quick("split.test=[patient_003]"))

    assert config["split"] == {
        "by": "patient",
        "valid": "2 patients, by name",
        "test": "1 patient, by name",
        "seed": 0,
    }


def pcam(archive, folder, split, count):
    """Some real PatchCamelyon patches as a patch file, both classes by turns."""
    with zipfile.ZipFile(archive) as stored:
        names = {label: [n for n in stored.namelist() if f"/{label}/" in n] for label in "01"}
        chosen = [name for pair in zip(names["0"], names["1"], strict=False) for name in pair]
        encoded = [np.frombuffer(stored.read(name), np.uint8) for name in chosen[:count]]
    patches = np.stack([cv2.imdecode(one, cv2.IMREAD_COLOR)[..., ::-1] for one in encoded])
    write_patch_file(
        folder, f"pcam_{split}", split=split, size=96, mpp=0.972, placed=False, patches=patches
    )


@pytest.mark.slow
@pytest.mark.real_data
def test_tells_real_tumour_from_normal_after_three_epochs(shared_data, tmp_path):
    for split, count in (("train", 1_500), ("valid", 400)):
        archive = shared_data / "pcam" / f"pcam_{split}.zip"
        pcam(archive, tmp_path / "patches", split, count)
    settings = load(TrainSettings, PCAM_SMALL, ["epochs=3", "bootstrap=50"])

    run = train(settings, tmp_path / "patches", tmp_path / "out")

    assert run.metrics["valid"]["auc"]["value"] > 0.75
    assert run.metrics["valid"]["intervals_over"] == "patches"


def test_a_scratch_folder_that_is_missing_on_a_node_is_told_to_the_other_ranks(
    tmp_path, monkeypatch
):
    """Ranks learn of an error from what ends the body of `ranks`."""
    told = []

    @contextmanager
    def ranks(*_):
        try:
            yield Alone()
        except ConfigError as error:
            told.append(str(error))
            raise

    monkeypatch.setattr(distributed, "ranks", ranks)
    with pytest.raises(ConfigError):
        train(TrainSettings(), tmp_path, tmp_path / "out", scratch=tmp_path / "none")

    assert "--scratch" in told[0]
