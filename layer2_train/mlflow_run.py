"""A run in MLflow: in a file, or on a server."""

from __future__ import annotations

import logging
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from common.cluster import set_unless_set
from common.errors import ConfigError
from common.files import write_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from layer2_train.settings.tracking import TrackingSettings
    from layer2_train.tracking import Point

IDENTITY: Final = "mlflow_run_id"
_SQLITE: Final = "sqlite:///"
_RUNNING: Final = "RUNNING"
_MOST: Final = 100
"""Parameters, and metrics of some epochs, that a server takes at once."""
_LONGEST: Final = 500
"""Characters of a parameter that every store takes."""
_ENVIRONMENT: Final = {
    "MLFLOW_DISABLE_TELEMETRY": "true",  # nobody is told but the given uri
    "MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",  # training does not wait for a server that is gone
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
}
log = logging.getLogger(__name__)


class MlflowRun:
    """One training as MLflow's clients show it.

    The run is found again by its id, which lies in the run directory.

    Parameters
    ----------
    settings : TrackingSettings
        With a `uri`.
    folder : Path
        The run directory.
    parameters : dict of str to str
        The configuration.
    tags : dict of str to str

    Raises
    ------
    ConfigError
        If MLflow is not installed, or does not answer there.
    """

    name = "MLflow"

    def __init__(
        self,
        settings: TrackingSettings,
        folder: Path,
        parameters: Mapping[str, str],
        tags: Mapping[str, str],
    ) -> None:
        mlflow = imported()
        self.errors: tuple[type[Exception], ...] = (OSError, mlflow.exceptions.MlflowException)
        uri = settings.uri or ""
        try:
            _make_folder(uri)
            self._client: Any = mlflow.MlflowClient(uri)
            self._id = self._found(folder / IDENTITY) or self._begun(
                settings, folder, parameters, tags
            )
            self._told = {one.step for one in self._client.get_metric_history(self._id, "loss")}
        except ImportError as error:  # of what a SQLite file needs beside the client
            raise _absent() from error
        except self.errors as error:
            raise ConfigError(
                f"tracking.uri: expected an MLflow file or server that answers, found: "
                f"{_first_line(error)}. Give another, or null"
            ) from error

    def points(self, points: Sequence[Point]) -> None:
        """Tell some epochs; those it knows are left out."""
        metric, now = imported().entities.Metric, _milliseconds()
        new = [point for point in points if point.step not in self._told]
        for point in new:
            values = [metric(key, one, now, point.step) for key, one in point.values.items()]
            self._client.log_batch(self._id, metrics=values)
            self._told.add(point.step)

    def results(self, values: Mapping[str, float], step: int, files: Sequence[Path]) -> None:
        """Tell the numbers, and copy the files."""
        metric, now = imported().entities.Metric, _milliseconds()
        told = [metric(key, value, now, step) for key, value in values.items()]
        for part in _parts(told):
            self._client.log_batch(self._id, metrics=part)
        for path in files:
            self._client.log_artifact(self._id, str(path))

    def close(self, status: str) -> None:
        """Say how the training ended: ``FINISHED``, ``FAILED`` or ``KILLED``."""
        self._client.set_terminated(self._id, status)

    def _found(self, path: Path) -> str | None:
        """The run of an earlier start of this training, set going again; None if there is none."""
        if not path.exists():
            return None
        identity = path.read_text(encoding="utf-8").strip()
        try:
            run = self._client.get_run(identity)
        except self.errors as error:
            log.warning("MLflow: begins a new run: %s", _first_line(error))
            return None
        self._client.update_run(identity, status=_RUNNING)
        return str(run.info.run_id)

    def _begun(
        self,
        settings: TrackingSettings,
        folder: Path,
        parameters: Mapping[str, str],
        tags: Mapping[str, str],
    ) -> str:
        run = self._client.create_run(
            self._experiment(settings), run_name=folder.resolve().name, tags=dict(tags)
        )
        identity = str(run.info.run_id)
        write_text(folder / IDENTITY, f"{identity}\n")
        param = imported().entities.Param
        told = [param(key, value[:_LONGEST]) for key, value in parameters.items()]
        for part in _parts(told):
            self._client.log_batch(identity, params=part)
        return identity

    def _experiment(self, settings: TrackingSettings) -> str:
        """Id of the experiment; that of a new one in a file keeps its artefacts beside it."""
        found = self._client.get_experiment_by_name(settings.experiment)
        if found is not None:
            return str(found.experiment_id)
        file = _file(settings.uri or "")
        beside = file.with_name(f"{file.stem}_artifacts").resolve().as_uri() if file else None
        return str(self._client.create_experiment(settings.experiment, artifact_location=beside))


def imported() -> Any:
    """The library.

    Raises
    ------
    ConfigError
        If it is not there, naming the extra that brings it.
    """
    set_unless_set(_ENVIRONMENT)
    try:
        import mlflow
    except ImportError as error:
        raise _absent() from error
    return mlflow


def _absent() -> ConfigError:
    return ConfigError(
        "tracking.uri: expected MLflow to be installed, found no such library. "
        "pip install 'camnet[tracking]', or set tracking.uri to null"
    )


def _file(uri: str) -> Path | None:
    """The SQLite file of a uri; None of another kind."""
    return Path(uri.removeprefix(_SQLITE)) if uri.startswith(_SQLITE) else None


def _make_folder(uri: str) -> None:
    file = _file(uri)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        _refuse_without_locks(file)


def _refuse_without_locks(file: Path) -> None:
    """SQLite, unlike all else here, needs file locks: MLflow would end in a traceback without."""
    try:
        with closing(sqlite3.connect(file)) as database:
            database.execute("PRAGMA schema_version")
    except sqlite3.Error as error:
        raise ConfigError(
            f"tracking.uri: {file}: expected a SQLite file that can be opened, found: {error}. "
            "SQLite needs a file system with file locks, which many shared ones are not: give a "
            "file on a local disk, the address of a server, or null"
        ) from error


def _parts(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), _MOST):
        yield items[start : start + _MOST]


def _milliseconds() -> int:
    return int(time.time() * 1000)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
