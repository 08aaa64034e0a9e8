"""Training, mining what the model took for tumour, and training on that too."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from click.testing import CliRunner
from patch_files import paint, write_patch_file

from layer1_extract.cli import cli as layer1
from layer2_train.cli import cli as layer2

SETTINGS = (
    "network.name=camnet_small",
    "split={valid: [patient_001], test: [patient_002]}",
    "epochs=2",
    "batch_size=8",
    "bootstrap=20",
)
WORDS = [word for one in SETTINGS for word in ("--set", one)]


def run(cli, *words):
    given = [str(word) for word in words]
    return CliRunner().invoke(cli, given, standalone_mode=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A cohort in which some normal patches are as dark as tumour."""
    folder = tmp_path_factory.mktemp("mining")
    for number in range(6):
        labels = np.arange(12) % 2
        looks = labels.copy()
        looks[[0, 4]] = 1
        patient = f"patient_{number:03d}"
        patches = paint(looks, 32, number)
        made = {"patient": patient, "labels": labels, "patches": patches, "size": 32}
        write_patch_file(folder / "cohort", f"{patient}_a", **made)
    return folder


def test_what_a_model_took_for_tumour_is_trained_on_beside_the_rest(folder):
    cohort, mined = folder / "cohort", folder / "mined"
    run(layer2, "train", "--patches", cohort, "--out", folder / "first", *WORDS)
    bundle = folder / "first" / "bundle"

    mining = ("mine", "--model", bundle, "--patches", cohort, "--out", mined)
    found = run(layer2, *mining, "--set", "keep=6", "--json")
    again = run(layer2, *mining, "--set", "keep=6")
    checked = run(layer1, "check", *sorted((mined / "patches").glob("*.h5")))
    run(layer2, "train", "--patches", cohort, "--patches", mined, "--out", folder / "next", *WORDS)

    said = json.loads(found.stdout)
    assert sum(said["slides"].values()) == 6
    assert set(said["left_out"]) == {"patient_001_a.h5", "patient_002_a.h5"}
    assert "finished before" in again.output
    assert checked.exception is None
    with (folder / "next" / "splits.csv").open() as stream:
        split_of = {line["file"]: line["split"] for line in csv.DictReader(stream)}
    assert {split_of[f"mined/{slide_id}.h5"] for slide_id in said["slides"]} == {"train"}
    assert split_of["cohort/patient_001_a.h5"] == "valid"
    assert split_of["cohort/patient_002_a.h5"] == "test"
    manifest = json.loads((folder / "next" / "bundle" / "bundle.json").read_text())
    assert len(manifest["slides"]["train"]) == 4
