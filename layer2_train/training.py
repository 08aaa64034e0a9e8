"""Training: epochs of steps, each of which a checkpoint can take up again.

What a step does depends on the configuration, the patches, and its number alone. A training that
was stopped and resumed therefore ends where an undisturbed one does.
"""

from __future__ import annotations

import logging
import math
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import keras
import numpy as np

from common.errors import Interrupted, PipelineError
from common.files import write_text
from common.prediction import Predictor
from common.preprocessing import Preprocessing
from common.progress import progress
from common.roc import auc
from layer2_train import architectures, checkpoints
from layer2_train.augmentation import DRAWS, Augment, draw
from layer2_train.dataset import epoch_order
from layer2_train.history import Epoch, best, is_over, to_csv
from layer2_train.metrics import log_loss
from layer2_train.optimizers import build_optimizer
from layer2_train.preemption import stop_request
from layer2_train.read_ahead import read_ahead
from layer2_train.scoring import score

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from threading import Event

    from layer2_train.config import TrainSettings
    from layer2_train.dataset import PatchDataset

HISTORY: Final = "history.csv"
_CHECKPOINT_EVERY_S: Final = 600.0
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Trained:
    """A network with the weights of its best epoch.

    Attributes
    ----------
    network : keras.Model
    cam_layer : str
        Name of its last convolution.
    history : tuple of Epoch
    """

    network: Any
    cam_layer: str
    history: tuple[Epoch, ...]


class Training:
    """A network on its way, and the files that say how far it is.

    Parameters
    ----------
    settings : TrainSettings
    train : PatchDataset
        At least one patch.
    valid : PatchDataset or None
        Looked at after every epoch; None or empty keeps the last epoch as the best.
    folder : Path
        The run directory.
    """

    def __init__(
        self,
        settings: TrainSettings,
        train: PatchDataset,
        valid: PatchDataset | None,
        folder: Path,
    ) -> None:
        keras.utils.set_random_seed(settings.seed)
        self.settings = settings
        self.train = train
        self.valid = valid
        self.folder = folder
        self.preprocessing = Preprocessing()
        self.steps = -(-len(train) // settings.batch_size)
        self.architecture = architectures.build(settings.network, train.spec.size)
        self.model: Any = _training_model(self.architecture.network, settings, self.steps)
        self.history: tuple[Epoch, ...] = ()
        self.step = 0
        self.losses = 0.0  # summed over the steps of this epoch

    def run(self) -> Trained:
        """Train to the end, from the last checkpoint if there is one.

        Raises
        ------
        Interrupted
            On SIGTERM or SIGUSR1, after a checkpoint.
        PipelineError
            If the loss, a weight, or an answer to a validation patch is no longer a number.
        """
        self._resume()
        patience = self.settings.early_stopping.patience
        with stop_request() as stop:
            while not is_over(self.history, self.settings.epochs, patience):
                self._epoch(stop)
        network = self.architecture.network
        checkpoints.read_checkpoint(self._checkpoint(checkpoints.BEST), network.weights)
        return Trained(network, self.architecture.cam_layer, self.history)

    def _epoch(self, stop: Event) -> None:
        start = time.perf_counter()
        number = len(self.history) + 1
        self._steps(number, stop)
        self._refuse_lost_weights(number)
        valid_loss, valid_auc = self._validate()
        rate = keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)
        seconds = round(time.perf_counter() - start, 2)
        done = Epoch(
            number,
            self.losses / self.steps,
            valid_loss,
            valid_auc,
            float(np.asarray(rate)),
            seconds,
        )
        self.history = (*self.history, done)
        self.step, self.losses = 0, 0.0
        self._keep(done)
        log.info("%s", _said(done, self.settings.epochs))
        if stop.is_set():
            raise self._interrupted()

    def _steps(self, number: int, stop: Event) -> None:
        """The steps of epoch `number` that are left."""
        saved = time.monotonic()
        bar = progress(None, f"epoch {number}", total=self.steps, unit="step")
        bar.update(self.step)
        with bar, read_ahead(self._inputs(number)) as ahead:
            for inputs, targets in ahead:
                self.model.reset_metrics()  # before Keras 3.15 the loss is a mean since then
                loss = float(self.model.train_on_batch(inputs, targets))
                self.step += 1
                self.losses += loss
                if not math.isfinite(loss):
                    raise self._diverged(number, "a finite loss", f"{loss}")
                bar.set_postfix(loss=f"{self.losses / self.step:.4f}", refresh=False)
                bar.update()
                if stop.is_set():
                    self._save()
                    raise self._interrupted()
                if time.monotonic() - saved > _CHECKPOINT_EVERY_S:
                    self._save()
                    saved = time.monotonic()

    def _inputs(self, number: int) -> Iterator[tuple[list[Any], Any]]:
        """Patches with what is drawn for them, and their labels, from the next step on."""
        size, seed = self.settings.batch_size, self.settings.seed
        order = epoch_order(len(self.train), size, seed, number)
        for batch in self.train.batches(order, size, first=self.step):
            draws = draw(self.settings.augmentation, size, seed, number, batch.step)
            yield [self.preprocessing(batch.patches), draws], batch.labels[:, None]

    def _validate(self) -> tuple[float | None, float | None]:
        """Loss and AUC of the validation patches."""
        if self.valid is None or len(self.valid) == 0:
            return None, None
        network, size = self.architecture.network, self.settings.batch_size
        scores = score(Predictor(network, self.preprocessing, size), self.valid, "validation")
        area = auc(self.valid.labels, scores)
        return log_loss(self.valid.labels, scores), None if math.isnan(area) else area

    def _keep(self, done: Epoch) -> None:
        """Write what an epoch ends with; the checkpoint last, as a restart trusts it."""
        if best(self.history) == done:
            weights = self.architecture.network.weights
            checkpoints.write_checkpoint(
                self._checkpoint(checkpoints.BEST), weights, {"epoch": done.epoch}
            )
        write_text(self.folder / HISTORY, to_csv(self.history))
        self._save()

    def _save(self) -> None:
        history = [asdict(epoch) for epoch in self.history]
        state = {"step": self.step, "losses": self.losses, "history": history}
        path = self._checkpoint(checkpoints.LAST)
        checkpoints.write_checkpoint(path, self._variables(), state)

    def _resume(self) -> None:
        path = self._checkpoint(checkpoints.LAST)
        if not path.exists():
            return
        state = checkpoints.read_checkpoint(path, self._variables())
        self.history = tuple(Epoch(**epoch) for epoch in state["history"])
        self.step, self.losses = state["step"], state["losses"]
        write_text(self.folder / HISTORY, to_csv(self.history))
        log.info(
            "goes on after epoch %d and step %d of %d", len(self.history), self.step, self.steps
        )

    def _variables(self) -> list[Any]:
        """Everything a step changes: weights, statistics, state of chance, optimizer."""
        return [*self.model.variables, *self.model.optimizer.variables]

    def _checkpoint(self, name: str) -> Path:
        return self.folder / checkpoints.FOLDER / name

    def _interrupted(self) -> Interrupted:
        where = f"after epoch {len(self.history)} and step {self.step} of {self.steps}"
        return Interrupted(f"{self.folder}: stopped {where}. The same command goes on from there")

    def _refuse_lost_weights(self, number: int) -> None:
        """What the last step did to the weights shows in no loss."""
        for weight in self.architecture.network.weights:
            values: Any = keras.ops.convert_to_numpy(weight)
            if not np.isfinite(values).all():
                raise self._diverged(number, "finite weights", f"NaN or infinity in {weight.path}")

    def _diverged(self, number: int, expected: str, found: str) -> PipelineError:
        return PipelineError(
            f"{self.folder}: epoch {number}, step {self.step}: expected {expected}, "
            f"found {found}. Lower optimizer.learning_rate, or warm up with schedule.warmup_epochs"
        )


def _training_model(network: Any, settings: TrainSettings, steps: int) -> Any:
    """`network` behind augmentation, compiled, its optimizer built."""
    image = keras.Input(network.input_shape[1:], name="patch")
    draws = keras.Input((DRAWS,), name="draws")
    model: Any = keras.Model([image, draws], network(Augment(settings.augmentation)(image, draws)))
    model.compile(
        optimizer=build_optimizer(settings, steps),
        loss=keras.losses.BinaryCrossentropy(label_smoothing=settings.label_smoothing),
        jit_compile=False,
    )
    model.optimizer.build(model.trainable_variables)
    return model


def _said(epoch: Epoch, epochs: int) -> str:
    parts = {"loss": epoch.loss, "validation loss": epoch.valid_loss, "AUC": epoch.valid_auc}
    numbers = [f"{name} {value:.4f}" for name, value in parts.items() if value is not None]
    return f"epoch {epoch.epoch} of {epochs}: {', '.join(numbers)}, {epoch.seconds:.0f} s"
