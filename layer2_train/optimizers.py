"""Optimizers and learning rates, as a configuration names them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keras import optimizers

if TYPE_CHECKING:
    from layer2_train.config import ScheduleSettings, TrainSettings


def build_optimizer(settings: TrainSettings, steps: int) -> Any:
    """The Keras optimizer for a training of `steps` steps an epoch."""
    chosen = settings.optimizer.model_dump()
    name = chosen.pop("name")
    kinds = {"sgd": optimizers.SGD, "adam": optimizers.Adam, "adamw": optimizers.AdamW}
    highest = chosen.pop("learning_rate")
    rate = learning_rate(settings.schedule, highest, steps, settings.epochs * steps)
    return kinds[name](learning_rate=rate, **chosen)


def learning_rate(schedule: ScheduleSettings, highest: float, steps: int, total: int) -> Any:
    """A number, or what Keras computes the learning rate of a step with.

    Parameters
    ----------
    schedule : ScheduleSettings
    highest : float
        The learning rate after warming up.
    steps, total : int
        Of an epoch, and of the training.
    """
    warmup = min(round(schedule.warmup_epochs * steps), total)
    falls = optimizers.schedules
    if schedule.name == "cosine":
        if warmup == 0:
            return falls.CosineDecay(highest, total)
        return falls.CosineDecay(
            0.0, max(1, total - warmup), warmup_target=highest, warmup_steps=warmup
        )
    if warmup == 0:
        return highest
    return falls.PolynomialDecay(0.0, warmup, end_learning_rate=highest)  # rises, as 0 is lower
