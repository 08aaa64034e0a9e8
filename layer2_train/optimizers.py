"""Optimizers and learning rates, as a configuration names them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from keras import ops, optimizers

from layer2_train.freezing import epochs_of, rate_factor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layer2_train.config import ScheduleSettings, TrainSettings
    from layer2_train.ranks import Ranks

_KINDS: Final = {
    "sgd": optimizers.SGD,
    "adam": optimizers.Adam,
    "adamw": optimizers.AdamW,
    "lamb": optimizers.Lamb,
}


def build_optimizer(
    settings: TrainSettings, steps: int, phase: int, ranks: Ranks, statistics: Sequence[Any]
) -> Any:
    """The Keras optimizer of one phase of a training.

    Parameters
    ----------
    settings : TrainSettings
    steps : int
        Of an epoch.
    phase : int
        See `layer2_train.freezing`; each has a schedule of its own over its epochs.
    ranks : Ranks
        Gradients are averaged over them; see `Ranks.averaging`, also for `statistics`.
    statistics : sequence of keras.Variable
    """
    chosen = settings.optimizer.model_dump()
    kind = _KINDS[chosen.pop("name")]
    highest = chosen.pop("learning_rate") * rate_factor(settings.network.freeze, phase)
    highest *= _growth(settings, ranks.size)
    epochs = epochs_of(settings.network.freeze, phase, settings.epochs)
    rate = learning_rate(settings.schedule, highest, steps, epochs * steps)
    average = chosen.pop("average")
    chosen["global_clipnorm"] = chosen.pop("clip_norm")
    chosen["use_ema"] = average is not None
    chosen |= {"ema_momentum": average} if average is not None else {}
    kind = _with_rising_mean(kind) if average is not None else kind
    if settings.precision != "mixed_float16":
        return ranks.averaging(kind, statistics)(learning_rate=rate, **chosen)
    inner = kind(learning_rate=rate, **chosen)
    return ranks.averaging(optimizers.LossScaleOptimizer, statistics)(inner)


def _growth(settings: TrainSettings, ranks: int) -> float:
    """What the learning rate is multiplied by for several ranks."""
    usual = "linear" if settings.optimizer.name == "sgd" else "sqrt"
    return {"linear": ranks, "sqrt": ranks**0.5, "none": 1}[settings.schedule.scaling or usual]


def _with_rising_mean(kind: type[Any]) -> type[Any]:
    """A subclass of an optimizer whose running mean of weights forgets those of the beginning.

    Of step t the share ``(1 + t) / (10 + t)`` is kept, until that is more than is asked for: a
    fixed share of 0.999 would hold random first weights for thousands of steps.
    """

    class Rising(kind):
        @property
        def ema_momentum(self) -> Any:
            step: Any = ops.cast(self.iterations, "float32")
            return ops.minimum(self._most_kept, (1 + step) / (10 + step))

        @ema_momentum.setter
        def ema_momentum(self, most: float) -> None:
            self._most_kept = most

    Rising.__name__ = kind.__name__
    return Rising


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
