from __future__ import annotations

import pytest

from common.config import load
from layer2_train.config import ScheduleSettings, TrainSettings
from layer2_train.optimizers import build_optimizer, learning_rate
from layer2_train.ranks import Alone


@pytest.mark.parametrize(
    ("given", "kind", "values"),
    [
        ("{name: sgd}", "SGD", {"momentum": 0.9, "nesterov": True}),
        ("{name: adam, learning_rate: 0.01}", "Adam", {}),
        ("{name: adamw, weight_decay: 0.005}", "AdamW", {"weight_decay": 0.005}),
        ("{name: lamb}", "Lamb", {"weight_decay": 0.01}),
        ("{name: sgd, clip_norm: 0.5}", "SGD", {"global_clipnorm": 0.5}),
        ("{name: sgd, average: 0.9}", "SGD", {"use_ema": True}),
    ],
)
def test_the_optimizer_is_the_one_configured(given, kind, values):
    settings = load(TrainSettings, overrides=[f"optimizer={given}"])

    optimizer = build_optimizer(settings, 10, 0, Alone(), [])

    assert type(optimizer).__name__ == kind
    assert {name: getattr(optimizer, name) for name in values} == values
    assert float(optimizer.learning_rate) == pytest.approx(settings.optimizer.learning_rate)


def built_rate(given, phase=0, ranks=1):
    settings = load(TrainSettings, overrides=["optimizer={name: sgd, learning_rate: 0.1}", *given])
    return build_optimizer(settings, 10, phase, Alone(size=ranks), []).learning_rate


def test_the_rate_grows_with_the_ranks_unless_told_otherwise():
    assert float(built_rate([], ranks=4)) == pytest.approx(0.4)
    assert float(built_rate(["schedule.scaling=sqrt"], ranks=4)) == pytest.approx(0.2)
    assert float(built_rate(["schedule.scaling=none"], ranks=4)) == pytest.approx(0.1)


def test_the_rate_of_adam_grows_with_the_root_of_the_ranks():
    settings = load(TrainSettings, overrides=["optimizer={name: adam, learning_rate: 0.1}"])

    rate = build_optimizer(settings, 10, 0, Alone(size=4), []).learning_rate

    assert float(rate) == pytest.approx(0.2)


def test_what_is_thawed_learns_at_a_rate_of_its_own():
    frozen = ["network.freeze={until: body, epochs: 2, learning_rate_factor: 0.1}"]

    assert float(built_rate(frozen, phase=0)) == pytest.approx(0.1)
    assert float(built_rate(frozen, phase=1)) == pytest.approx(0.01)


def test_half_precision_scales_the_loss_of_the_optimizer_configured():
    settings = load(TrainSettings, overrides=["optimizer.name=adam", "precision=mixed_float16"])

    optimizer = build_optimizer(settings, 10, 0, Alone(), [])

    assert type(optimizer).__name__ == "LossScaleOptimizer"
    assert type(optimizer.inner_optimizer).__name__ == "Adam"


def rates(name, warmup, at):
    schedule = ScheduleSettings(name=name, warmup_epochs=warmup)
    rate = learning_rate(schedule, 0.1, steps=10, total=100)
    return [float(rate(step)) if callable(rate) else rate for step in at]


def test_a_constant_rate_may_warm_up():
    assert rates("constant", 0, [0, 99]) == [0.1, 0.1]
    assert rates("constant", 2, [0, 10, 20, 99]) == pytest.approx([0, 0.05, 0.1, 0.1])


def test_a_cosine_falls_from_the_end_of_the_warm_up_to_nothing():
    assert rates("cosine", 0, [0, 50, 100]) == pytest.approx([0.1, 0.05, 0], abs=1e-8)
    assert rates("cosine", 2, [0, 10, 20, 60, 100]) == pytest.approx(
        [0, 0.05, 0.1, 0.05, 0], abs=1e-8
    )
