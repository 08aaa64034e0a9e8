from __future__ import annotations

import os
import signal
from contextlib import contextmanager

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
from layer2_train.history import best
from layer2_train.ranks import Alone
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


class Stopping:
    """A loader; its process is asked to stop when batch `at` is served, as by a scheduler."""

    def __init__(self, loader, at):
        self.loader, self.at, self.steps = loader, at, loader.steps

    @contextmanager
    def epoch(self, number, first=0):
        with self.loader.epoch(number, first) as batches:
            yield self.served(batches)

    def served(self, batches):
        for batch in batches:
            self.at -= 1
            if self.at == 0:
                os.kill(os.getpid(), signal.SIGTERM)
            yield batch


class Breaking(Stopping):
    """A loader whose files are gone when batch `at` is asked for."""

    def served(self, batches):
        for batch in batches:
            self.at -= 1
            if self.at == 0:
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

    def train_on_batch(self, inputs, targets, **given):
        self.losses.append(self.model.train_on_batch(inputs, targets, **given)["loss"])
        return {"loss": np.mean(self.losses)}


def test_each_batch_gives_its_own_loss_in_every_keras(train, valid, undisturbed, tmp_path):
    training = Training(load(TrainSettings, overrides=SMALL), train, valid, tmp_path)
    training.model._learning = RunningMean(training.model._learning)

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


@pytest.mark.parametrize("at", [1, 4, 5, 8])
def test_a_training_stopped_at_any_step_ends_where_an_undisturbed_one_does(
    train, valid, undisturbed, tmp_path, at
):
    settings = load(TrainSettings, overrides=SMALL)
    stopped = Training(settings, train, valid, tmp_path)
    stopped.loader = Stopping(stopped.loader, at)

    with pytest.raises(Interrupted, match=r"stopped after epoch \d and step \d of 4") as told_so:
        stopped.run()
    resumed = Training(settings, train, valid, tmp_path).run()

    assert told_so.value.exit_status == 75
    assert_same_outcome(resumed, undisturbed)


def test_a_training_that_died_goes_on_from_its_last_checkpoint(
    train, valid, undisturbed, tmp_path, monkeypatch
):
    monkeypatch.setattr(training_module, "_CHECKPOINT_EVERY_S", 0.0)
    settings = load(TrainSettings, overrides=SMALL)
    died = Training(settings, train, valid, tmp_path)
    died.loader = Breaking(died.loader, at=3)

    with pytest.raises(OSError, match="the disk is gone"):
        died.run()
    resumed = Training(settings, train, valid, tmp_path)
    resumed._resume()

    assert resumed.step == 2
    assert_same_outcome(resumed.run(), undisturbed)


class Watching(Alone):
    """A rank that notes whether there is a checkpoint whenever it waits for the others."""

    def __init__(self, folder):
        super().__init__()
        object.__setattr__(self, "folder", folder)
        object.__setattr__(self, "seen", [])

    def wait(self):
        self.seen.append((self.folder / "checkpoints" / "last.h5").exists())


def test_no_rank_leaves_before_the_checkpoint_of_the_first_is_written(train, valid, tmp_path):
    settings = load(TrainSettings, overrides=SMALL)
    ranks = Watching(tmp_path)
    stopped = Training(settings, train, valid, tmp_path, ranks=ranks)
    stopped.loader = Stopping(stopped.loader, at=2)

    with pytest.raises(Interrupted):
        stopped.run()

    assert ranks.seen == [True]


def test_a_stop_during_validation_costs_no_step(train, valid, undisturbed, tmp_path, monkeypatch):
    settings = load(TrainSettings, overrides=SMALL)
    stopped = Training(settings, train, valid, tmp_path)
    score = training_module.score

    def asked_meanwhile(*given):
        os.kill(os.getpid(), signal.SIGTERM)
        return score(*given)

    monkeypatch.setattr(training_module, "score", asked_meanwhile)
    with pytest.raises(Interrupted, match="after epoch 0 and step 4 of 4"):
        stopped.run()
    monkeypatch.undo()

    resumed = Training(settings, train, valid, tmp_path)

    assert_same_outcome(resumed.run(), undisturbed)


def test_of_the_best_weights_one_file_is_kept(train, valid, tmp_path):
    trained = Training(load(TrainSettings, overrides=SMALL), train, valid, tmp_path).run()

    kept = best(trained.history).epoch
    names = {path.name for path in (tmp_path / "checkpoints").iterdir()}
    assert names == {"last.h5", f"best-{kept:04d}.h5"}


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
        built = Training(settings, train, None, tmp_path).model.architecture.network
        return np.concatenate([np.ravel(own.numpy()) for own in built.trainable_weights])

    assert np.array_equal(weights(1), weights(1))
    assert not np.array_equal(weights(1), weights(2))


def test_a_loss_that_is_no_number_ends_the_training_with_advice(train, tmp_path):
    too_fast = ["optimizer={name: sgd, learning_rate: 10}", "schedule.warmup_epochs=0"]
    settings = load(TrainSettings, overrides=[*SMALL[:1], "epochs=200", "batch_size=4", *too_fast])
    training = Training(settings, train, None, tmp_path / "run")
    for weight in training.model.architecture.network.trainable_weights:
        weight.assign(np.full(weight.shape, np.nan))

    with pytest.raises(PipelineError, match=r"found nan. Lower optimizer.learning_rate"):
        training.run()


def test_weights_lost_by_the_last_step_end_the_training_before_they_are_kept(train, tmp_path):
    settings = load(TrainSettings, overrides=SMALL)
    training = Training(settings, train, None, tmp_path / "run")
    steps = training._steps

    def last_step_diverges(number, stop):
        steps(number, stop)
        weight = training.model.architecture.network.trainable_weights[-1]
        weight.assign(np.full(weight.shape, np.inf))

    training._steps = last_step_diverges

    with pytest.raises(PipelineError, match=r"step 4: expected finite weights, found NaN or inf"):
        training.run()

    assert not (tmp_path / "run" / "history.csv").exists()


VARIANTS = {
    "a running mean of weights": ["optimizer={name: adamw, average: 0.9}"],
    "gradients cut short": ["optimizer={name: adam, clip_norm: 0.1}"],
    "LAMB": ["optimizer={name: lamb}"],
    "half precision": ["precision=mixed_bfloat16"],
    "half precision with a scaled loss": ["precision=mixed_float16"],
    "a focal loss": ["loss=binary_focal_crossentropy"],
    "auxiliary classifiers": ["network={name: googlenet}"],
    "a frozen body": ["network={name: camnet_small, freeze: {until: body, epochs: 1}}"],
}


@pytest.mark.parametrize("given", VARIANTS.values(), ids=VARIANTS)
def test_every_way_to_train_goes_on_where_it_stopped(tmp_path, given):
    files = PatchDataset([PatchFile(write_patch_file(tmp_path, "slide", n=8, size=64))])
    settings = load(TrainSettings, overrides=[*SMALL, *given])
    undisturbed = Training(settings, files, files, tmp_path / "undisturbed").run()
    stopped = Training(settings, files, files, tmp_path / "run")
    stopped.loader = Stopping(stopped.loader, at=3)

    with pytest.raises(Interrupted):
        stopped.run()
    resumed = Training(settings, files, files, tmp_path / "run").run()

    assert_same_outcome(resumed, undisturbed)
    assert {layer.compute_dtype for layer in resumed.network.layers} == {"float32"}


def test_a_frozen_body_keeps_its_weights_until_it_is_thawed(train, tmp_path):
    def weights(training):
        network = training.model.architecture.network
        return {own.path: np.array(own) for own in network.weights}

    frozen = ["network={name: camnet_small, freeze: {until: body}}", "epochs=1"]
    training = Training(load(TrainSettings, overrides=[*SMALL, *frozen]), train, None, tmp_path)
    before = weights(training)

    training.run()

    changed = {path for path, value in weights(training).items() if (value != before[path]).any()}
    assert changed == {"tumor/kernel", "tumor/bias"}


def test_a_training_is_not_resumed_by_another_number_of_ranks(train, tmp_path):
    settings = load(TrainSettings, overrides=[*SMALL, "epochs=1"])
    Training(settings, train, None, tmp_path).run()

    with pytest.raises(PipelineError, match=r"expected 2 ranks as now, found a training of 1"):
        Training(settings, train, None, tmp_path, ranks=Alone(size=2)).run()
