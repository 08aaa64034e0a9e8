from __future__ import annotations

import pytest

from common.config import load
from layer2_train.config import ScheduleSettings, TrainSettings
from layer2_train.optimizers import build_optimizer, learning_rate


@pytest.mark.parametrize(
    ("given", "kind", "values"),
    [
        ("{name: sgd}", "SGD", {"momentum": 0.9, "nesterov": True}),
        ("{name: adam, learning_rate: 0.01}", "Adam", {}),
        ("{name: adamw, weight_decay: 0.005}", "AdamW", {"weight_decay": 0.005}),
    ],
)
def test_the_optimizer_is_the_one_configured(given, kind, values):
    settings = load(TrainSettings, overrides=[f"optimizer={given}"])

    optimizer = build_optimizer(settings, steps=10)

    assert type(optimizer).__name__ == kind
    assert {name: getattr(optimizer, name) for name in values} == values
    assert float(optimizer.learning_rate) == pytest.approx(settings.optimizer.learning_rate)


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
