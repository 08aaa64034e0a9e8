from __future__ import annotations

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner
from patch_files import write_cohort
from published_weights import set_digest

from common.config import load
from common.errors import ConfigError, ContractError
from common.run_folder import claim
from layer2_train.cli import cli
from layer2_train.config import TrainSettings
from layer2_train.imagenet import cached
from layer2_train.plan import SPLIT_TABLE, make_plan

HEAVY = ("keras", "tensorflow", "numpy", "h5py", "pydantic", "matplotlib")
SMALL = ["--set", "network.name=camnet_small"]
SPLIT = ["--set", "split={valid: [patient_001], test: 0}", *SMALL]
TINY = ["network.name=camnet_small", "epochs=1", "batch_size=8", "bootstrap=20"]


def invoke(*arguments):
    return CliRunner().invoke(cli, [str(one) for one in arguments], standalone_mode=False)


@pytest.mark.parametrize("verb", ["check", "train", "evaluate", "mine"])
def test_help_imports_nothing_heavy(verb):
    code = (
        "import sys; from layer2_train.cli import cli; "
        f"cli.main([{verb!r}, '--help'], standalone_mode=False); "
        f"sys.exit(' '.join(name for name in {HEAVY!r} if name in sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.stderr.strip() == ""
    assert "--config" in done.stdout


def test_check_prints_the_resolved_configuration():
    result = invoke("check", "--set", "epochs=3")

    assert "epochs: 3\n" in result.output
    assert "name: resnet50" in result.output


def test_check_shows_what_would_be_read_without_keras(tmp_path):
    patches = write_cohort(tmp_path)
    code = (
        "import sys; from layer2_train.cli import cli; "
        f"cli.main(['check', '--json', '--patches', {str(patches)!r}, *{SPLIT!r}], "
        "standalone_mode=False); sys.exit('keras' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    splits = json.loads(done.stdout)["splits"]
    assert splits["valid"]["slide_ids"] == ["patient_001_node_0"]
    assert splits["train"]["tumor"] == 12


def test_several_folders_are_one_set_of_patches(tmp_path):
    cohort, more = write_cohort(tmp_path / "a"), write_cohort(tmp_path / "b", n=4)

    result = invoke("check", "--json", "--patches", cohort, "--patches", more, *SPLIT)

    assert json.loads(result.stdout)["splits"]["train"]["files"] == 10


def test_check_tells_a_training_of_another_configuration_or_of_other_patches(tmp_path):
    patches, out = write_cohort(tmp_path / "patches"), tmp_path / "run"
    settings = load(TrainSettings, None, SPLIT[1::2])
    claim(out, settings)
    (out / SPLIT_TABLE).write_text(make_plan(patches, settings.split).csv())
    words = ("check", "--patches", patches, "--out", out, *SPLIT)
    same, config = invoke(*words), invoke(*words, "--set", "epochs=77")

    next(patches.rglob("*_004_*.h5")).unlink()
    others = invoke(*words)

    assert same.exit_code == 0, same.output
    assert "epochs" in str(config.exception)
    assert "patient_004_node_0.h5 (is gone)" in str(others.exception)


@pytest.mark.parametrize("words", [["check"], ["train", "--dry-run", "--out", "never"]], ids=str)
def test_every_unfit_file_is_listed_before_anything_is_done(tmp_path, words):
    patches = write_cohort(tmp_path)
    for number in (2, 4):
        (tmp_path / f"patient_00{number}_node_0.h5").write_bytes(b"half")

    result = invoke(*words, "--patches", patches, *SPLIT)

    assert isinstance(result.exception, ContractError)
    assert result.exception.exit_status == 4
    assert "patient_002_node_0.h5" in str(result.exception)
    assert "patient_004_node_0.h5" in str(result.exception)


def test_a_dry_run_writes_nothing(tmp_path):
    patches = write_cohort(tmp_path / "patches")

    result = invoke("train", "--patches", patches, "--out", tmp_path / "out", *SPLIT, "--dry-run")

    assert "would train camnet_small" in result.output
    assert not (tmp_path / "out").exists()


def test_trains_and_evaluates(tmp_path):
    patches, out = write_cohort(tmp_path / "patches", n=4), tmp_path / "out"
    options = [part for override in TINY for part in ("--set", override)]

    options += ["--set", "split={valid: [patient_001], test: [patient_002]}"]
    trained = invoke("train", "--patches", patches, "--out", out, *options)
    measured = invoke(
        "evaluate", "--model", out / "bundle", "--patches", patches, "--out", tmp_path / "found"
    )

    assert f"{out}: finished; model in {out / 'bundle'}" in trained.output
    assert invoke("status", out).output.startswith(f"{out}: done, 1 of 1 epochs, best 1 (")
    assert "24 patches, results in" in measured.output
    assert "seen in training: 5 slides; these results flatter the model" in measured.output
    assert "of the model's test set: 1 slide; this is look 2 at it" in measured.output
    assert "95 % intervals over 6 patients\n" in measured.output
    assert "valid: AUC undefined; no intervals: all patches are of 1 patient" in trained.output


@pytest.mark.parametrize("verb", [["check"], ["train", "--dry-run", "--out", "out"]])
def test_weights_that_are_absent_are_missed_before_any_training(verb, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    patches = write_cohort(tmp_path / "patches", size=32)
    network = ["--set", "network={name: resnet50, weights: imagenet}"]

    result = invoke(*verb, "--patches", patches, *SPLIT[:2], *network)

    assert isinstance(result.exception, ConfigError)
    assert "fetch-weights resnet50" in str(result.exception)


def test_weights_that_are_there_are_told(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    path = cached("resnet50")
    path.parent.mkdir()
    path.write_bytes(b"whole")
    set_digest("resnet50", path, monkeypatch)

    result = invoke("fetch-weights", "resnet50", "--json")

    assert json.loads(result.output) == {"resnet50": str(path)}


def test_help_on_fetching_imports_no_keras():
    code = (
        "import sys; from layer2_train.cli import cli; "
        "cli.main(['fetch-weights', '--help'], standalone_mode=False); "
        "sys.exit('keras' in sys.modules)"
    )

    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
