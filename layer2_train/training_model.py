"""The network as it is while it learns: behind augmentation, with a loss and an optimizer.

The network of the bundle is another one of the same architecture, always float32, which is given
the weights to be validated and saved.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import keras
import numpy as np

from layer2_train import architectures
from layer2_train.augmentation import DRAWS, Augment
from layer2_train.freezing import freeze, phase_of
from layer2_train.optimizers import build_optimizer
from layer2_train.weights import load_weights

if TYPE_CHECKING:
    from collections.abc import Generator

    import numpy.typing as npt

    from layer2_train.architectures import Architecture
    from layer2_train.config import TrainSettings
    from layer2_train.dataset import Batch
    from layer2_train.ranks import Ranks

_STATISTICS: Final = ("moving_mean", "moving_variance")
_STREAM: Final = 7


class TrainingModel:
    """A network that learns.

    Parameters
    ----------
    settings : TrainSettings
    patch_size : int, px
    steps : int
        Of an epoch.
    ranks : Ranks
        That train together; all of them begin with the weights of rank 0.

    Attributes
    ----------
    start : Start
        The weights it began with.
    phase : int
        What is frozen changes with it; see `layer2_train.freezing`.
    """

    def __init__(self, settings: TrainSettings, patch_size: int, steps: int, ranks: Ranks) -> None:
        keras.utils.set_random_seed(settings.seed)
        self.settings, self.steps, self.ranks = settings, steps, ranks
        with _precision(settings.precision):
            self.architecture = architectures.build(settings.network, patch_size)
            self.start = load_weights(self.architecture, settings.network)
            self._learning = _behind_augmentation(self.architecture, settings)
        self._served = architectures.build(settings.network, patch_size)
        self.phase = -1
        self.begin(1)
        self.settle()

    def begin(self, epoch: int) -> None:
        """Freeze what `epoch`, from 1, asks for; where that changes, the optimizer starts anew."""
        self.epoch = epoch
        self.enter(phase_of(self.settings.network.freeze, epoch))

    def enter(self, phase: int) -> None:
        """Freeze and thaw what a phase asks for."""
        if phase == self.phase:
            return
        self.phase = phase
        freeze(self.architecture.network, self.settings.network.freeze, phase)
        optimizer = build_optimizer(
            self.settings, self.steps, phase, self.ranks, self._statistics()
        )
        heads = 1 + len(self.architecture.auxiliary)
        self._learning.compile(
            optimizer=optimizer,
            loss=[_loss(self.settings) for _ in range(heads)],
            loss_weights=[1.0, *[architectures.AUXILIARY_WEIGHT] * (heads - 1)],
            jit_compile=keras.backend.backend() == "jax",
            auto_scale_loss=False,  # the optimizer does, where it is asked for
        )
        optimizer.build(self._learning.trainable_variables)

    def settle(self) -> None:
        """Make the ranks equal, but for the chance of each."""
        self.ranks.broadcast(self.variables)
        for state in self._chance():
            state.assign(_moved(state, self.ranks.rank))

    def step(self, batch: Batch, draws: npt.NDArray[np.float32]) -> float:
        """Learn from one batch, and return its loss."""
        if keras.backend.backend() == "torch":
            self._reseed(batch.step)
        self._learning.reset_metrics()  # before Keras 3.15 the loss is a mean since then
        targets = [batch.labels[:, None]] * (1 + len(self.architecture.auxiliary))
        told = self._learning.train_on_batch([batch.patches, draws], targets, return_dict=True)
        return float(told["loss"])

    def served(self) -> Any:
        """The network of the bundle, with the weights of now, or their running mean."""
        network = self.architecture.network
        if self.settings.optimizer.average is None:
            self._served.network.set_weights(network.get_weights())
            return self._served.network
        learning = self._learning.trainable_variables  # auxiliary outputs among them
        trained = [_copied(own) for own in learning]
        self._learning.optimizer.finalize_variable_values(learning)
        self._served.network.set_weights(network.get_weights())
        for variable, value in zip(learning, trained, strict=True):
            variable.assign(value)
        return self._served.network

    @property
    def variables(self) -> list[Any]:
        """Everything a step changes: weights, statistics, state of chance, optimizer."""
        return [*self._learning.variables, *self._learning.optimizer.variables]

    @property
    def cam_layer(self) -> str:
        """Name of the network's last convolution."""
        return self.architecture.cam_layer

    @property
    def learning_rate(self) -> float:
        """Of the next step."""
        rate: Any = keras.ops.convert_to_numpy(self._learning.optimizer.learning_rate)
        return float(np.asarray(rate))

    def lost_weight(self) -> str:
        """Name of a weight that holds NaN or infinity; empty where none does."""
        for weight in self.architecture.network.weights:
            values: Any = keras.ops.convert_to_numpy(weight)
            if not np.isfinite(values).all():
                return str(weight.path)
        return ""

    def _reseed(self, step: int) -> None:
        """Make dropout follow from the step's number: in PyTorch it has no state to be kept."""
        known = [self.settings.seed, _STREAM, self.epoch, step, self.ranks.rank]
        keras.utils.set_random_seed(int(np.random.SeedSequence(known).generate_state(1)[0]))

    def _statistics(self) -> list[Any]:
        """Running means, which the forward pass moves where they are not frozen."""
        learning = self._learning.non_trainable_variables
        return [variable for variable in learning if variable.name in _STATISTICS]

    def _chance(self) -> list[Any]:
        """States of random generators, such as those of dropout."""
        return [own for own in self._learning.variables if own.name == "seed_generator_state"]


@contextmanager
def _precision(policy: str) -> Generator[None, None, None]:
    """Layers made meanwhile compute in `policy`; their weights are float32."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _behind_augmentation(architecture: Architecture, settings: TrainSettings) -> Any:
    network = architecture.network
    image = keras.Input(network.input_shape[1:], dtype="uint8", name="patch")
    draws = keras.Input((DRAWS,), dtype="float32", name="draws")
    augmented = Augment(settings.augmentation, dtype="float32")(image, draws)
    if not architecture.auxiliary:
        return keras.Model([image, draws], [network(augmented)])
    full = keras.Model(network.input, [network.output, *architecture.auxiliary])
    return keras.Model([image, draws], full(augmented))


def _loss(settings: TrainSettings) -> Any:
    if settings.loss == "mean_squared_error":
        return keras.losses.MeanSquaredError()
    kinds = {
        "binary_crossentropy": keras.losses.BinaryCrossentropy,
        "binary_focal_crossentropy": keras.losses.BinaryFocalCrossentropy,
    }
    return kinds[settings.loss](label_smoothing=settings.label_smoothing)


def _copied(variable: Any) -> Any:
    """Its value, apart from it: PyTorch's arrays are windows onto the variable."""
    return np.array(keras.ops.convert_to_numpy(variable))


def _moved(state: Any, rank: int) -> Any:
    """A generator's state, its seed moved by `rank`, so that ranks hide different features."""
    values = _copied(state)
    values[0] += rank
    return values
