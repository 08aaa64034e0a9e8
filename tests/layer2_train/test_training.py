from __future__ import annotations

import os
import signal

import numpy as np
import pytest
from patch_files import write_patch_file

from common.config import load
from common.errors import Interrupted, PipelineError
from common.patch_file.reader import PatchFile
from common.prediction import Predictor
from common.preprocessing import Preprocessing
from layer2_train import training as training_module
from layer2_train.config import TrainSettings
from layer2_train.dataset import PatchDataset
from layer2_train.training import Training

SMALL = [
    "network={name: camnet_small, dropout: 0.3}",
    "optimizer={name: adamw, learning_rate: 0.001}",
    "schedule={name: cosine, warmup_epochs: 0.5}",
    "batch_size=4",
    "epochs=2",
]


@pytest.fixture(scope="module")
def train(tmp_path_factory):
    folder = tmp_path_factory.mktemp("train")
    return PatchDataset([PatchFile(write_patch_file(folder, "train", n=16))])


@pytest.fixture(scope="module")
def valid(tmp_path_factory):
    folder = tmp_path_factory.mktemp("valid")
    return PatchDataset([PatchFile(write_patch_file(folder, "valid", n=8))])


@pytest.fixture(scope="module")
def undisturbed(train, valid, tmp_path_factory):
    """A training of two epochs that nothing disturbed."""
    settings = load(TrainSettings, overrides=SMALL)
    return Training(settings, train, valid, tmp_path_factory.mktemp("undisturbed")).run()


def told(history):
    """A history without its wall times."""
    return [
        (epoch.epoch, epoch.loss, epoch.valid_loss, epoch.valid_auc, epoch.learning_rate)
        for epoch in history
    ]


class Stopped(PatchDataset):
    """Asks its own process to stop when batch `at` of some epoch is read, as a scheduler would."""

    at = 5

    def batches(self, order, batch_size, first=0):
        for batch in super().batches(order, batch_size, first):
            self.at -= 1
            if self.at == 0:
                os.kill(os.getpid(), signal.SIGTERM)
            yield batch


class Broken(PatchDataset):
    """Cannot be read from the third batch on."""

    def batches(self, order, batch_size, first=0):
        for batch in super().batches(order, batch_size, first):
            if batch.step == 2:
                raise OSError("the disk is gone")
            yield batch


def assert_same_outcome(one, two):
    assert np.allclose(told(one.history), told(two.history), rtol=1e-4, atol=1e-5)
    for own, other in zip(one.network.weights, two.network.weights, strict=True):
        assert np.allclose(own.numpy(), other.numpy(), atol=1e-4)


class RunningMean:
    """A model of an older Keras: the loss it returns is a mean since its metrics were reset."""

    def __init__(self, model):
        self.model = model
        self.losses = []

    def __getattr__(self, name):
        return getattr(self.model, name)

    def reset_metrics(self):
        self.losses = []
        self.model.reset_metrics()

    def train_on_batch(self, inputs, targets):
        self.losses.append(float(self.model.train_on_batch(inputs, targets)))
        return np.mean(self.losses)


def test_each_batch_gives_its_own_loss_in_every_keras(train, valid, undisturbed, tmp_path):
    training = Training(load(TrainSettings, overrides=SMALL), train, valid, tmp_path)
    training.model = RunningMean(training.model)

    assert_same_outcome(training.run(), undisturbed)


def test_learns_eight_patches_by_heart(tmp_path):
    eight = PatchDataset([PatchFile(write_patch_file(tmp_path, "eight", n=8))])
    settings = load(
        TrainSettings,
        overrides=[
            "network={name: camnet_small, dropout: 0}",
            "optimizer={name: adam, learning_rate: 0.003}",
            "augmentation={flip: false, rotate90: false, stain_jitter: 0}",
            "batch_size=8",
            "epochs=60",
        ],
    )

    trained = Training(settings, eight, None, tmp_path / "run").run()

    predictor = Predictor(trained.network, Preprocessing(), batch_size=8)
    scores = predictor(eight.read(np.arange(8)))
    assert np.abs(scores - eight.labels).max() < 0.2
    assert trained.history[-1].loss < 0.1


def test_a_stopped_training_ends_where_an_undisturbed_one_does(train, valid, undisturbed, tmp_path):
    settings = load(TrainSettings, overrides=SMALL)

    with pytest.raises(Interrupted, match=r"stopped after epoch \d and step \d of 4") as stopped:
        Training(settings, Stopped(train.files), valid, tmp_path).run()
    resumed = Training(settings, train, valid, tmp_path).run()

    assert stopped.value.exit_status == 75
    assert_same_outcome(resumed, undisturbed)


def test_a_training_that_died_goes_on_from_its_last_checkpoint(
    train, valid, undisturbed, tmp_path, monkeypatch
):
    monkeypatch.setattr(training_module, "_CHECKPOINT_EVERY_S", 0.0)
    settings = load(TrainSettings, overrides=SMALL)

    with pytest.raises(OSError, match="the disk is gone"):
        Training(settings, Broken(train.files), valid, tmp_path).run()
    resumed = Training(settings, train, valid, tmp_path)
    resumed._resume()

    assert resumed.step == 2
    assert_same_outcome(resumed.run(), undisturbed)


def test_a_finished_training_is_not_trained_again(train, valid, tmp_path):
    settings = load(TrainSettings, overrides=[*SMALL, "epochs=1"])
    first = Training(settings, train, valid, tmp_path / "run").run()

    again = Training(settings, train, valid, tmp_path / "run").run()

    assert again.history == first.history
    for one, two in zip(first.network.weights, again.network.weights, strict=True):
        assert np.array_equal(one.numpy(), two.numpy())


def test_the_same_seed_gives_the_same_first_weights(train, tmp_path):
    def weights(seed):
        settings = load(TrainSettings, overrides=[*SMALL, f"seed={seed}"])
        built = Training(settings, train, None, tmp_path).architecture.network
        return np.concatenate([np.ravel(own.numpy()) for own in built.trainable_weights])

    assert np.array_equal(weights(1), weights(1))
    assert not np.array_equal(weights(1), weights(2))


def test_a_loss_that_is_no_number_ends_the_training_with_advice(train, tmp_path):
    too_fast = ["optimizer={name: sgd, learning_rate: 10}", "schedule.warmup_epochs=0"]
    settings = load(TrainSettings, overrides=[*SMALL[:1], "epochs=200", "batch_size=4", *too_fast])
    training = Training(settings, train, None, tmp_path / "run")
    for weight in training.architecture.network.trainable_weights:
        weight.assign(np.full(weight.shape, np.nan))

    with pytest.raises(PipelineError, match=r"found nan. Lower optimizer.learning_rate"):
        training.run()


def test_weights_lost_by_the_last_step_end_the_training_before_they_are_kept(train, tmp_path):
    settings = load(TrainSettings, overrides=SMALL)
    training = Training(settings, train, None, tmp_path / "run")
    steps = training._steps

    def last_step_diverges(number, stop):
        steps(number, stop)
        weight = training.architecture.network.trainable_weights[-1]
        weight.assign(np.full(weight.shape, np.inf))

    training._steps = last_step_diverges

    with pytest.raises(PipelineError, match=r"step 4: expected finite weights, found NaN or inf"):
        training.run()

    assert not (tmp_path / "run" / "history.csv").exists()
