"""Who is told of a training while it runs: TensorBoard's files, and MLflow where asked for.

What they are told is a copy; `history.csv` and `metrics.json` are what counts. Nobody who does not
answer stops a training.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from common.errors import ConfigError, Interrupted
from layer2_train.anonymity import without_names
from layer2_train.mlflow_run import IDENTITY, MlflowRun, imported
from layer2_train.tensorboard import FOLDER, EventFiles

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence
    from pathlib import Path

    from layer2_train.config import TrainSettings
    from layer2_train.history import Epoch

_TAGS: Final = ("software", "config_sha256", "host", "slurm_job", "started", "ranks")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Point:
    """What one epoch brought: its number, and values by name; what is not known is left out."""

    step: int
    values: dict[str, float]


class Listener(Protocol):
    """Somebody who is told. Only `errors` may be raised by what it is asked to do."""

    name: str
    errors: tuple[type[Exception], ...]

    def points(self, points: Sequence[Point]) -> None:
        """Epochs that were not told before, or not heard."""
        ...

    def results(self, values: Mapping[str, float], step: int, files: Sequence[Path]) -> None:
        """The end: numbers by ``split/name``, and files."""
        ...

    def close(self, status: str) -> None:
        """``FINISHED``, ``FAILED`` or ``KILLED``."""
        ...


@dataclass
class Tracker:
    """Tells all listeners, and goes on where one of them does not answer.

    Attributes
    ----------
    listeners : list of Listener
    """

    listeners: list[Listener]
    _last: int = 0
    _unheard: dict[str, list[Point]] = field(default_factory=dict)

    def epoch(self, epoch: Epoch) -> None:
        """Tell an epoch. One that was told already is passed over, so a history may be retold."""
        if epoch.epoch <= self._last:
            return
        self._last = epoch.epoch
        values = {name: value for name, value in asdict(epoch).items() if value is not None}
        point = Point(values.pop("epoch"), {name: float(value) for name, value in values.items()})
        for listener in self.listeners:
            waiting = self._unheard.setdefault(listener.name, [])
            waiting.append(point)
            if _heard(listener, lambda one=listener, points=waiting: one.points(points)):
                waiting.clear()

    def results(self, metrics: Mapping[str, Mapping[str, Any]], files: Sequence[Path]) -> None:
        """Tell the results of each split, as in `metrics.json`, and the files that show them."""
        values = {
            f"{split}/{name}": value
            for split, own in metrics.items()
            for name, value in _numbers(own).items()
        }
        for listener in self.listeners:
            waiting = self._unheard.get(listener.name, [])
            _heard(listener, lambda one=listener, points=waiting: one.points(points))
            _heard(listener, lambda one=listener: one.results(values, self._last, files))

    def close(self, status: str) -> None:
        """Tell how it ended."""
        for listener in self.listeners:
            _heard(listener, lambda one=listener: one.close(status))


def refuse_missing(settings: TrainSettings) -> None:
    """Refuse a tracker whose library is not installed, before anything is read.

    Raises
    ------
    ConfigError
        Naming the extra that brings it.
    """
    if settings.tracking.uri is not None:
        imported()


@contextmanager
def opened(
    settings: TrainSettings, out: Path, record: Mapping[str, Any]
) -> Generator[Tracker, None, None]:
    """A tracker for one training; on rank 0 only.

    Of a training that is resumed every epoch is to be told again, from the first.

    Parameters
    ----------
    settings : TrainSettings
    out : Path
        The run directory.
    record : dict
        As in `run.json`.

    Raises
    ------
    ConfigError
        If MLflow is asked for, and is not installed, or does not answer when a training begins.
    """
    parameters = _flat(without_names(settings))
    listeners: list[Listener] = []
    refuse_missing(settings)
    if settings.tracking.uri is not None:
        tags = {f"camnet.{name}": str(record[name]) for name in _TAGS if record.get(name)}
        listeners += _mlflow(settings, out, parameters, tags)
    listeners.append(EventFiles(out / FOLDER, parameters))
    tracker = Tracker(listeners)
    status = "FAILED"
    try:
        yield tracker
        status = "FINISHED"
    except (Interrupted, KeyboardInterrupt):
        status = "KILLED"
        raise
    finally:
        tracker.close(status)


def _mlflow(
    settings: TrainSettings, out: Path, parameters: Mapping[str, str], tags: Mapping[str, str]
) -> list[Listener]:
    """The run in MLflow; nothing where a training that is resumed finds no answer any more."""
    try:
        return [MlflowRun(settings.tracking, out, parameters, tags)]
    except ConfigError as error:
        if not (out / IDENTITY).exists():
            raise
        log.warning("MLflow is not told, training goes on: %s", error)
        return []


def _heard(listener: Listener, tell: Callable[[], None]) -> bool:
    try:
        tell()
    except listener.errors as error:
        lines = str(error).strip().splitlines()
        said = lines[0][:200] if lines else type(error).__name__
        log.warning("%s was not told, training goes on: %s", listener.name, said)
        return False
    return True


def _numbers(metrics: Mapping[str, Any]) -> dict[str, float]:
    """The numbers of one split that stand for it: values of intervals, calibration, threshold."""
    found = {**metrics, **metrics.get("calibration", {})}
    values = {
        name: one["value"] if isinstance(one, dict) and "value" in one else one
        for name, one in found.items()
    }
    return {name: float(one) for name, one in values.items() if isinstance(one, int | float)}


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested settings by dotted key.

    Examples
    --------
    >>> _flat({"network": {"name": "resnet50"}, "epochs": 10})
    {'network.name': 'resnet50', 'epochs': '10'}
    """
    flat: dict[str, str] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = str(value)
    return flat
