"""The file the original CamNet was published with, from import to a trained network."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from layer1_extract.cli import cli as layer1
from layer2_train.cli import cli as layer2

pytestmark = pytest.mark.real_data
TINY = (
    "network.name=camnet_small",
    "split={valid: 0, test: 0}",
    "epochs=2",
    "batch_size=4",
    "bootstrap=20",
)


@pytest.fixture(scope="module")
def imported(shared_data, tmp_path_factory):
    """The folder of its patch files, and what the import said."""
    out = tmp_path_factory.mktemp("camnet")
    source = shared_data / "camnet" / "cam17_patches.hdf5"
    said = run(layer1, "import", source, "--out", out, "--mpp", "0.25")
    return out, said.output


def run(cli, *words):
    return CliRunner().invoke(cli, [str(word) for word in words], catch_exceptions=False)


def test_the_import_says_that_centre_1_repeats_centre_0(imported):
    _, said = imported

    assert "patient_030_node_4: suspect: the same patches as patient_010_node_4" in said


def test_it_is_trained_on_and_the_duplicate_is_named(imported, tmp_path):
    patches, _ = imported
    words = [part for setting in TINY for part in ("--set", setting)]

    planned = run(layer2, "train", "--patches", patches, "--out", tmp_path, *words, "--dry-run")
    trained = run(layer2, "train", "--patches", patches, "--out", tmp_path, *words)

    same = "patient_010_node_4.h5 (patient patient_010, centre 0) and patient_030_node_4.h5"
    assert same in planned.output
    assert f"{tmp_path}: finished" in trained.output
    assert len((tmp_path / "history.csv").read_text().splitlines()) == 3
    slides = json.loads((tmp_path / "bundle" / "bundle.json").read_text())["slides"]
    assert len(slides["train"]) == 1  # one fingerprint: the patches are the same


def test_it_is_not_split_between_its_two_names(imported, tmp_path):
    patches, _ = imported
    split = "split={valid: [patient_030], test: 0}"

    refused = CliRunner().invoke(layer2, ["check", "--patches", str(patches), "--set", split])

    assert refused.exception.exit_status == 4
    assert "one slide under several names: expected one split" in str(refused.exception)
