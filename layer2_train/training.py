"""Training: epochs of steps, each of which a checkpoint can take up again.

What a step does depends on the configuration, the patches, the number of ranks, and its own number
alone. A training that was stopped and resumed therefore ends where an undisturbed one does. All
ranks know the same loss at every step, and take the same decisions; rank 0 alone writes.
"""

from __future__ import annotations

import json
import logging
import math
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from common.errors import Interrupted, PipelineError
from common.files import look_anew, write_text
from common.prediction import Predictor
from common.preprocessing import Preprocessing
from common.progress import progress
from common.roc import auc
from layer2_train import checkpoints
from layer2_train.augmentation import draw
from layer2_train.history import HISTORY as HISTORY
from layer2_train.history import Epoch, best, is_over, to_csv
from layer2_train.loader import Loader
from layer2_train.metrics import log_loss
from layer2_train.preemption import stop_request
from layer2_train.ranks import Alone, from_first
from layer2_train.scoring import score
from layer2_train.training_model import TrainingModel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from threading import Event

    from layer2_train.config import TrainSettings
    from layer2_train.dataset import Batch, PatchDataset
    from layer2_train.ranks import Ranks
    from layer2_train.weights import Start

_CHECKPOINT_EVERY_S: Final = 600.0
_NONE: Final = Preprocessing()
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
    start : Start
        The weights it began with.
    """

    network: Any
    cam_layer: str
    history: tuple[Epoch, ...]
    start: Start


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
    preprocessing : Preprocessing
        Of the model; the datasets give the patches in the colours it asks for.
    ranks : Ranks or None
        Who trains together; None is this process alone.
    tell : callable or None
        Is given each epoch that ends, and those of before when a training is resumed; on rank 0.
    """

    def __init__(
        self,
        settings: TrainSettings,
        train: PatchDataset,
        valid: PatchDataset | None,
        folder: Path,
        *,
        preprocessing: Preprocessing = _NONE,
        ranks: Ranks | None = None,
        tell: Callable[[Epoch], None] | None = None,
    ) -> None:
        self.settings, self.valid, self.folder = settings, valid, folder
        self.preprocessing = preprocessing
        self.ranks: Ranks = ranks or Alone()
        self.tell = tell or (lambda _: None)
        rank, size, threads = self.ranks.rank, self.ranks.size, self.ranks.threads
        self.loader = Loader(train, settings, rank, size, threads)
        self.model = TrainingModel(settings, train.spec.size, self.loader.steps, self.ranks)
        self.history: tuple[Epoch, ...] = ()
        self.step = 0
        self.losses = 0.0  # summed over the steps of this epoch, a mean over the ranks each

    def run(self) -> Trained:
        """Train to the end, from the last checkpoint if there is one.

        Raises
        ------
        Interrupted
            On SIGTERM or SIGUSR1 to any rank, after a checkpoint.
        PipelineError
            If the loss, a weight, or an answer to a validation patch is no longer a number.
        """
        self._resume()
        patience = self.settings.early_stopping.patience
        freeze = self.settings.network.freeze
        thawed = freeze.epochs or 0 if freeze.until else 0
        with stop_request() as stop:
            while not is_over(self.history, self.settings.epochs, patience, thawed):
                self._epoch(stop)
        network = self.model.served()
        if self.ranks.rank == 0:
            kept = checkpoints.best_name(best(self.history).epoch)
            checkpoints.read_checkpoint(self._checkpoint(kept), network.weights)
        self.ranks.broadcast(network.weights)
        return Trained(network, self.model.cam_layer, self.history, self.model.start)

    def _epoch(self, stop: Event) -> None:
        start = time.perf_counter()
        number = len(self.history) + 1
        self.model.begin(number)
        self._steps(number, stop)
        self._refuse_lost_weights(number)
        self._stop_after_saving(stop)
        valid_loss, valid_auc = self._validate(stop)
        done = Epoch(
            number,
            self.losses / self.loader.steps,
            valid_loss,
            valid_auc,
            self.model.learning_rate,
            round(time.perf_counter() - start, 2),
        )
        self.history = (*self.history, done)
        self.step, self.losses = 0, 0.0
        self._keep(done)
        log.info("%s", _said(done, self.settings.epochs))
        if self.ranks.any(flag=stop.is_set()):
            raise self._interrupted()

    def _stop_after_saving(self, stop: Event) -> None:
        """Save what the steps brought, as validation may take long; then stop if asked to."""
        self._save()
        if self.ranks.any(flag=stop.is_set()):  # by which rank 0 has saved
            raise self._interrupted()

    def _steps(self, number: int, stop: Event) -> None:
        """The steps of epoch `number` that are left."""
        saved = time.monotonic()
        bar = progress(None, f"epoch {number}", total=self.loader.steps, unit="step")
        bar.update(self.step)
        with bar, self.loader.epoch(number, first=self.step) as batches:
            for batch in batches:
                stopped = self._step(number, batch, stop)
                bar.set_postfix(loss=f"{self.losses / self.step:.4f}", refresh=False)
                bar.update()
                if stopped:
                    self._save()
                    self.ranks.wait()  # a launcher ends all ranks with the first
                    raise self._interrupted()
                if time.monotonic() - saved > _CHECKPOINT_EVERY_S:
                    self._save()
                    saved = time.monotonic()

    def _step(self, number: int, batch: Batch, stop: Event) -> bool:
        """Learn from one batch; whether any rank was asked to stop."""
        settings = self.settings
        count, rank = len(batch.labels), self.ranks.rank
        draws = draw(settings.augmentation, count, settings.seed, number, batch.step, rank)
        own = self.model.step(batch, draws)
        loss, asked = self.ranks.summed(np.array([own / self.ranks.size, stop.is_set()]))
        self.step += 1
        self.losses += float(loss)
        if not math.isfinite(loss):
            raise self._diverged(number, "a finite loss", f"{loss}")
        return bool(asked)

    def _validate(self, stop: Event) -> tuple[float | None, float | None]:
        """Loss and AUC of the validation patches."""

        def go_on() -> None:
            if stop.is_set():
                raise self._interrupted()

        if self.valid is None or len(self.valid) == 0:
            return None, None
        predictor = Predictor(self.model.served(), self.preprocessing, self.settings.batch_size)
        scores = score(predictor, self.valid, "validation", self.ranks, go_on)
        area = auc(self.valid.labels, scores)
        return log_loss(self.valid.labels, scores), None if math.isnan(area) else area

    def _keep(self, done: Epoch) -> None:
        """Write what an epoch ends with; the checkpoint last, as a restart trusts it."""
        if self.ranks.rank > 0:
            return
        kept = best(self.history).epoch
        if kept == done.epoch:
            path = self._checkpoint(checkpoints.best_name(kept))
            checkpoints.write_checkpoint(path, self.model.served().weights, {"epoch": kept})
        write_text(self.folder / HISTORY, to_csv(self.history))
        self._save()
        checkpoints.keep_best(self.folder / checkpoints.FOLDER, kept)
        self.tell(done)

    def _save(self) -> None:
        if self.ranks.rank > 0:
            return
        state = {
            "step": self.step,
            "losses": self.losses,
            "phase": self.model.phase,
            "ranks": self.ranks.size,
            "history": [asdict(epoch) for epoch in self.history],
        }
        path = self._checkpoint(checkpoints.LAST)
        checkpoints.write_checkpoint(path, self.model.variables, state)

    def _resume(self) -> None:
        """Take up the last checkpoint; rank 0 reads it for all."""
        path = self._checkpoint(checkpoints.LAST)
        first = self.ranks.rank == 0
        look_anew(path.parent)
        found = checkpoints.read_state(path) if first and path.exists() else {}
        state = json.loads(from_first(self.ranks, json.dumps(found)))
        if not state:
            return
        self._refuse_other_ranks(state["ranks"])
        self.model.enter(state["phase"])
        if first:
            checkpoints.read_checkpoint(path, self.model.variables)
        self.model.settle()
        self.history = tuple(Epoch(**epoch) for epoch in state["history"])
        self.step, self.losses = state["step"], state["losses"]
        if first:
            write_text(self.folder / HISTORY, to_csv(self.history))
            for epoch in self.history:
                self.tell(epoch)
        where = (len(self.history), self.step, self.loader.steps)
        log.info("goes on after epoch %d and step %d of %d", *where)

    def _refuse_other_ranks(self, before: int) -> None:
        """Which patches a step sees depends on how many ranks there are."""
        if before != self.ranks.size:
            raise PipelineError(
                f"{self._checkpoint(checkpoints.LAST)}: expected {self.ranks.size} ranks as now, "
                f"found a training of {before}. Start as many, or train anew with --overwrite"
            )

    def _checkpoint(self, name: str) -> Path:
        return self.folder / checkpoints.FOLDER / name

    def _interrupted(self) -> Interrupted:
        where = f"after epoch {len(self.history)} and step {self.step} of {self.loader.steps}"
        return Interrupted(f"{self.folder}: stopped {where}. The same command goes on from there")

    def _refuse_lost_weights(self, number: int) -> None:
        """What the last step did to the weights shows in no loss."""
        if lost := self.model.lost_weight():
            raise self._diverged(number, "finite weights", f"NaN or infinity in {lost}")

    def _diverged(self, number: int, expected: str, found: str) -> PipelineError:
        return PipelineError(
            f"{self.folder}: epoch {number}, step {self.step}: expected {expected}, "
            f"found {found}. Lower optimizer.learning_rate, or warm up with schedule.warmup_epochs"
        )


def _said(epoch: Epoch, epochs: int) -> str:
    parts = {"loss": epoch.loss, "validation loss": epoch.valid_loss, "AUC": epoch.valid_auc}
    numbers = [f"{name} {value:.4f}" for name, value in parts.items() if value is not None]
    return f"epoch {epoch.epoch} of {epochs}: {', '.join(numbers)}, {epoch.seconds:.0f} s"
