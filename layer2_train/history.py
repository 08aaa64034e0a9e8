"""What a training reached, epoch by epoch."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

HISTORY: Final = "history.csv"


@dataclass(frozen=True)
class Epoch:
    """One line of ``history.csv``.

    Attributes
    ----------
    epoch : int
        From 1.
    loss : float
        Mean of what was trained on over the batches of all ranks: as configured, with augmentation,
        dropout, label smoothing and the weighted losses of auxiliary outputs.
    valid_loss, valid_auc : float or None
        Cross-entropy and AUC of the network as it would be used, targets 0 and 1; None without
        validation patches, the AUC also where they hold one class only.
    learning_rate : float
        At the end of the epoch.
    seconds : float
        Wall time; of a resumed epoch, that since it was resumed.
    """

    epoch: int
    loss: float
    valid_loss: float | None
    valid_auc: float | None
    learning_rate: float
    seconds: float

    @property
    def merit(self) -> tuple[float, float]:
        """Higher is better: the validation AUC, then minus the validation loss."""
        if self.valid_loss is None:
            return (0.0, self.epoch)  # without validation the last epoch counts as the best
        return (self.valid_auc or 0.0, -self.valid_loss)


def best(history: Sequence[Epoch]) -> Epoch:
    """The first epoch of highest merit."""
    return max(history, key=lambda epoch: epoch.merit)


def is_over(history: Sequence[Epoch], epochs: int, patience: int | None, thawed: int = 0) -> bool:
    """Whether all epochs are done, or `patience` of them have brought nothing better.

    Patience begins anew after epoch `thawed`, the last in which weights were frozen for a time.
    """
    if len(history) >= epochs:
        return True
    if patience is None or not history:
        return False
    return len(history) - max(best(history).epoch, thawed) >= patience


def to_csv(history: Sequence[Epoch]) -> str:
    """The text of ``history.csv``; what is not known is empty."""
    text = io.StringIO()
    names = [field.name for field in fields(Epoch)]
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(epoch) for epoch in history)
    return text.getvalue()


def from_csv(text: str) -> list[Epoch]:
    """The epochs that `to_csv` gave the text of.

    Raises
    ------
    ValueError, KeyError, TypeError
        If it is not of one.
    """
    return [
        Epoch(
            int(row["epoch"]),
            float(row["loss"]),
            _number(row["valid_loss"]),
            _number(row["valid_auc"]),
            float(row["learning_rate"]),
            float(row["seconds"]),
        )
        for row in csv.DictReader(io.StringIO(text))
    ]


def _number(text: str) -> float | None:
    return float(text) if text else None
