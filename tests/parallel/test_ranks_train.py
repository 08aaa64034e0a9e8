"""Whole trainings on two ranks of this machine, started by `horovodrun`."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess

import launching
import numpy as np
import pytest
from halting import go, waits
from patch_files import write_cohort
from training_runs import assert_same_training, history
from waiting import until

pytestmark = [launching.needs_horovod, pytest.mark.slow]
TWO = ("horovodrun", "--gloo", "-np", "2")
SETTINGS = {
    "network": "{name: camnet_small, dropout: 0.3}",
    "optimizer": "{name: adamw, learning_rate: 0.001, average: 0.9}",
    "schedule": "{name: cosine, warmup_epochs: 0.5}",
    "split": "{valid: [patient_001, patient_002], test: [patient_003, patient_004]}",
    "batch_size": "2",
    "epochs": "3",
    "bootstrap": "20",
    "loading.threads": "1",
}


def training(patches, out, **changed):
    given = [f"--set={key}={value}" for key, value in (SETTINGS | changed).items()]
    return "layer2-train", "train", "--patches", patches, "--out", out, *given


@pytest.fixture(scope="module")
def patches(tmp_path_factory):
    return write_cohort(tmp_path_factory.mktemp("cohort") / "patches")


@pytest.fixture(scope="module")
def undisturbed(patches, tmp_path_factory):
    """A training on two ranks that nothing disturbed: its run directory and what it said."""
    out = tmp_path_factory.mktemp("undisturbed") / "run"
    done = launching.launched(*TWO, *training(patches, out))
    assert done.returncode == 0, done.stderr
    return out, done.stdout


def test_one_rank_writes_one_whole_run_directory(undisturbed):
    out, said = undisturbed
    metrics = json.loads((out / "metrics.json").read_text())

    assert (metrics["valid"]["n"], metrics["test"]["n"]) == (16, 16)
    assert json.loads((out / "run.json").read_text())["ranks"] == 2
    assert (out / "bundle" / "model.keras").is_file()
    assert said.count("AUC") == 2
    assert said.count("rank 1: finished") == 1


def test_answers_gathered_from_two_ranks_are_those_of_one(undisturbed, patches, tmp_path):
    out, _ = undisturbed
    words = ("--model", out / "bundle", "--patches", patches, "--out", tmp_path / "all")
    settings = ("--set", "batch_size=2", "--set", "bootstrap=20")

    done = launching.launched("layer2-train", "evaluate", *words, *settings)

    assert done.returncode == 0, done.stderr
    alone = json.loads((tmp_path / "all" / "metrics.json").read_text())["all"]
    metrics = json.loads((out / "metrics.json").read_text())
    assert alone["n"] > metrics["test"]["n"]
    assert metrics["test"]["auc"]["value"] == pytest.approx(_auc_of(tmp_path / "all", "test", out))


def _auc_of(folder, split, run):
    """The AUC of one split, from the predictions of all patches."""
    from common.roc import auc

    with (run / "splits.csv").open() as stream:
        slides = {line["slide_id"] for line in csv.DictReader(stream) if line["split"] == split}
    with (folder / "predictions.csv").open() as stream:
        lines = [line for line in csv.DictReader(stream) if line["slide_id"] in slides]
    labels = np.array([int(line["label"]) for line in lines], np.int8)
    return auc(labels, np.array([float(line["probability"]) for line in lines], np.float32))


def test_ranks_that_were_stopped_end_where_undisturbed_ones_do(
    undisturbed, patches, halt, tmp_path
):
    out = tmp_path / "run"
    command = [os.fspath(word) for word in (*TWO, *training(patches, out))]
    middle = halt("layer2_train.training:Training._validate", 2)
    middle.ask()
    process = subprocess.Popen(
        command,
        env=launching.clean() | middle.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    (rank,) = middle.halted()
    os.killpg(process.pid, signal.SIGTERM)
    until(lambda: waits(rank, signal.SIGTERM))
    go(rank)
    process.wait(launching.TIMEOUT_S)
    stopped_at = len(history(out))

    done = launching.launched(*TWO, *training(patches, out))

    assert done.returncode == 0, done.stderr
    assert stopped_at == 1
    assert len(history(out)) == 3
    assert_same_training(undisturbed[0], out)


def test_a_training_on_two_ranks_does_not_go_on_with_one(undisturbed, patches, tmp_path):
    out, _ = undisturbed
    copy = tmp_path / "run"
    for name in ("config.resolved.yaml", "splits.csv", "checkpoints/last.h5"):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_bytes((out / name).read_bytes())

    done = launching.launched(*training(patches, copy))

    assert done.returncode == 1
    assert "expected 1 ranks as now, found a training of 2" in done.stderr
