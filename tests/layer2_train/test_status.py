from __future__ import annotations

import os

import pytest

from common.errors import ContractError
from common.run_folder import claim
from layer2_train.config import TrainSettings
from layer2_train.history import HISTORY, Epoch, to_csv
from layer2_train.launch import alone
from layer2_train.status import status

EPOCHS = (
    Epoch(1, 0.6, 0.5, 0.875, 0.001, 1.5),
    Epoch(2, 0.5, 0.4, 0.912, 0.001, 1.5),
    Epoch(3, 0.4, 0.5, 0.9, 0.001, 1.5),
)


@pytest.fixture
def out(tmp_path):
    """A run directory after three of ten epochs."""
    claim(tmp_path / "run", TrainSettings())
    (tmp_path / "run" / HISTORY).write_text(to_csv(EPOCHS))
    return tmp_path / "run"


def test_a_training_at_work_is_told_with_its_epochs_and_the_best_so_far(out):
    with alone(out):
        said = status(out)

    assert said.text.startswith(
        f"{out}: running, 3 of 10 epochs, best 2 (validation AUC 0.912, loss 0.400); last heard of "
    )
    assert f" pid {os.getpid()} " in said.data["where"]
    assert said.data["state"] == "running"
    assert said.data["best"] == {"epoch": 2, "valid_auc": 0.912, "valid_loss": 0.4}
    assert (said.data["epochs"], said.data["of"], said.exit_status) == (3, 10, 0)


def test_it_is_stopped_when_nobody_is_at_work(out):
    (out / "checkpoints").mkdir()
    (out / "checkpoints" / "last.h5").touch()
    for path in out.rglob("*"):
        os.utime(path, (60, 60))
    os.utime(out / "checkpoints" / "last.h5", (3600, 3600))

    said = status(out)

    assert said.data["state"] == "stopped"
    assert said.text.endswith("; last heard of at 1970-01-01T01:00:00+00:00")


def test_it_is_done_when_its_model_is_there(out):
    (out / "bundle").mkdir()
    (out / "bundle" / "bundle.json").touch()

    assert status(out).text.startswith(f"{out}: done, 3 of 10 epochs, best 2 ")


def test_before_its_first_epoch_there_is_no_best(out):
    (out / HISTORY).unlink()

    said = status(out)

    assert said.text.startswith(f"{out}: stopped, 0 of 10 epochs; last heard of ")
    assert said.data["best"] is None


@pytest.mark.parametrize(
    ("epoch", "words"),
    [
        (Epoch(1, 0.6, None, None, 0.001, 1.5), "best 1 (loss 0.600 in training)"),
        (Epoch(1, 0.6, 0.5, None, 0.001, 1.5), "best 1 (validation loss 0.500)"),
    ],
)
def test_what_is_not_known_of_an_epoch_is_not_said(out, epoch, words):
    (out / HISTORY).write_text(to_csv([epoch]))

    assert f"1 of 10 epochs, {words}; " in status(out).text


def test_a_folder_without_a_training_is_missing(tmp_path):
    for folder in (tmp_path, tmp_path / "none"):
        said = status(folder)
        assert (said.text, said.data["state"]) == (f"{folder}: missing, no training", "missing")


def test_a_history_that_is_none_is_refused_by_name(out):
    (out / HISTORY).write_text("epoch,loss\nfirst,0.5\n")

    with pytest.raises(ContractError, match=r"history.csv: file: expected a line for each epoch"):
        status(out)


def test_nothing_is_written(out):
    before = sorted(out.rglob("*"))

    status(out)

    assert sorted(out.rglob("*")) == before
