from __future__ import annotations

import keras
import numpy as np
import pytest

from common.config import load
from layer2_train.augmentation import draw
from layer2_train.config import TrainSettings
from layer2_train.dataset import Batch
from layer2_train.ranks import Alone
from layer2_train.training_model import TrainingModel

SMALL = ["network={name: camnet_small, dropout: 0.5}", "optimizer={name: sgd, learning_rate: 0.1}"]
STEPS = 10


def model(*overrides, ranks=None):
    return TrainingModel(
        load(TrainSettings, overrides=[*SMALL, *overrides]), 16, STEPS, ranks or Alone()
    )


def batch(step=0):
    patches = np.random.default_rng(step).integers(0, 256, (4, 16, 16, 3)).astype(np.uint8)
    return Batch(step, np.arange(4), patches, np.array([0, 1, 0, 1], np.float32))


def stepped(trained, count=1):
    for number in range(count):
        one = batch(number)
        trained.step(one, draw(trained.settings.augmentation, 4, 0, 1, one.step))
    return trained


def weights(network):
    return np.concatenate([np.ravel(own) for own in network.get_weights()])


def test_what_is_served_has_the_weights_of_now_and_another_graph():
    trained = stepped(model())

    served = trained.served()

    assert served is not trained.architecture.network
    assert np.array_equal(weights(served), weights(trained.architecture.network))


def test_a_mean_of_weights_is_served_and_the_weights_that_learn_stay_as_they_are():
    trained = stepped(model("optimizer.average=0.9"), count=3)
    before = weights(trained.architecture.network)

    served = weights(trained.served())

    assert np.array_equal(weights(trained.architecture.network), before)
    assert not np.allclose(served, before)


def test_the_mean_begins_with_the_first_step_and_keeps_little_of_it():
    trained = model("optimizer.average=0.75")
    kernel = trained.architecture.network.get_layer("tumor").kernel

    values = []
    for _ in range(2):
        stepped(trained)
        values.append(np.array(kernel))

    mean = np.asarray(trained.served().get_layer("tumor").kernel)
    share = 2 / 11  # that of the second step
    assert mean == pytest.approx(share * values[0] + (1 - share) * values[1], abs=1e-6)


def test_the_mean_of_a_short_training_is_near_the_weights_that_learn():
    trained = model("optimizer.average=0.999")
    first = weights(trained.architecture.network)

    for _ in range(10):
        stepped(trained)

    now, mean = weights(trained.architecture.network), weights(trained.served())
    assert np.linalg.norm(mean - now) < 0.7 * np.linalg.norm(mean - first)


@pytest.mark.parametrize("name", ["camnet_small", "googlenet"])
def test_looking_at_the_mean_changes_nothing_that_learns(name):
    settings = load(TrainSettings, overrides=[f"network.name={name}", "optimizer.average=0.9"])
    trained = TrainingModel(settings, 32, STEPS, Alone())
    patches = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3)).astype(np.uint8)
    for number in range(2):
        labels = np.array([0, 1], np.float32)
        draws = draw(settings.augmentation, 2, 0, 1, number)
        trained.step(Batch(number, np.arange(2), patches, labels), draws)
    before = [np.array(variable) for variable in trained.variables]

    trained.served()

    for variable, value in zip(trained.variables, before, strict=True):
        assert np.array_equal(np.array(variable), value), variable.path


@pytest.mark.parametrize("precision", ["mixed_float16", "mixed_bfloat16"])
def test_half_precision_computes_in_half_and_serves_in_whole(precision):
    trained = model(f"precision={precision}")

    body = trained.architecture.network.get_layer("block1_1_conv")
    assert body.compute_dtype == precision.removeprefix("mixed_")
    assert body.kernel.dtype == "float32"
    assert {layer.compute_dtype for layer in trained.served().layers} == {"float32"}
    assert keras.config.dtype_policy().name == "float32"


def test_ranks_begin_with_equal_weights_and_hide_different_features():
    one, other = (model(ranks=Alone(rank, size=2)) for rank in range(2))

    assert np.array_equal(weights(one.architecture.network), weights(other.architecture.network))
    assert [np.asarray(state).tolist() for state in one._chance()] != [
        np.asarray(state).tolist() for state in other._chance()
    ]


def test_an_optimizer_starts_anew_only_when_what_is_frozen_changes():
    trained = model("network.freeze={until: body, epochs: 1}")
    frozen = trained._learning.optimizer

    trained.begin(1)
    assert trained._learning.optimizer is frozen
    trained.begin(2)
    assert trained._learning.optimizer is not frozen
    assert trained._learning.optimizer is not None


def test_a_lost_weight_is_named():
    trained = model()
    assert trained.lost_weight() == ""

    trained.architecture.network.get_layer("tumor").kernel.assign(np.full((128, 1), np.nan))

    assert trained.lost_weight() == "tumor/kernel"
