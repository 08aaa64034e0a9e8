from __future__ import annotations

import sqlite3
import sys

import pytest

from common.errors import ConfigError
from layer2_train.mlflow_run import IDENTITY, MlflowRun, imported
from layer2_train.settings.tracking import TrackingSettings
from layer2_train.tracking import Point

mlflow = pytest.importorskip("mlflow")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def uri(tmp_path_factory):
    """One SQLite file for all tests: making its tables takes seconds."""
    return f"sqlite:///{tmp_path_factory.mktemp('store') / 'runs' / 'mlflow.db'}"


@pytest.fixture
def settings(uri, request):
    return TrackingSettings(uri=uri, experiment=request.node.name)


@pytest.fixture
def client(uri):
    imported()
    return mlflow.MlflowClient(uri)


def begun(settings, folder):
    return MlflowRun(settings, folder, {"epochs": "3"}, {"camnet.software": "camnet 1"})


def run_of(client, settings):
    experiment = client.get_experiment_by_name(settings.experiment)
    (run,) = client.search_runs([experiment.experiment_id])
    return run


def test_a_run_holds_configuration_epochs_results_and_files(settings, client, tmp_path):
    (tmp_path / "metrics.json").write_text("{}")
    run = begun(settings, tmp_path)

    run.points([Point(1, {"loss": 0.5, "valid_auc": 0.75}), Point(2, {"loss": 0.25})])
    run.results({"test/auc": 0.875}, 2, [tmp_path / "metrics.json"])
    run.close("FINISHED")

    found = run_of(client, settings)
    assert found.info.status == "FINISHED"
    assert found.info.run_name == tmp_path.name
    assert found.data.params == {"epochs": "3"}
    assert found.data.metrics == {"loss": 0.25, "valid_auc": 0.75, "test/auc": 0.875}
    assert found.data.tags["camnet.software"] == "camnet 1"
    history = client.get_metric_history(found.info.run_id, "loss")
    assert [(one.step, one.value) for one in history] == [(1, 0.5), (2, 0.25)]
    assert [one.path for one in client.list_artifacts(found.info.run_id)] == ["metrics.json"]


def test_artefacts_lie_beside_the_file_and_not_where_the_command_was_given(
    settings, uri, client, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    begun(settings, tmp_path).close("FINISHED")

    assert not (tmp_path / "mlruns").exists()
    assert "mlflow_artifacts" in run_of(client, settings).info.artifact_uri


def test_a_killed_training_goes_on_in_its_run_and_tells_no_epoch_twice(settings, client, tmp_path):
    killed = begun(settings, tmp_path)
    killed.points([Point(1, {"loss": 0.5})])
    killed.close("KILLED")
    assert run_of(client, settings).info.status == "KILLED"

    resumed = begun(settings, tmp_path)
    assert run_of(client, settings).info.status == "RUNNING"
    resumed.points([Point(1, {"loss": 0.5}), Point(2, {"loss": 0.25})])
    resumed.close("FINISHED")

    run = run_of(client, settings)
    history = client.get_metric_history(run.info.run_id, "loss")
    assert [one.step for one in history] == [1, 2]
    assert (tmp_path / IDENTITY).read_text().strip() == run.info.run_id


def test_a_run_that_is_gone_is_begun_anew(settings, client, tmp_path, caplog):
    (tmp_path / IDENTITY).write_text("0123456789abcdef0123456789abcdef\n")

    begun(settings, tmp_path).close("FINISHED")

    assert "begins a new run" in caplog.text
    assert (tmp_path / IDENTITY).read_text().strip() == run_of(client, settings).info.run_id


def test_a_file_that_cannot_be_opened_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    settings = TrackingSettings(uri=f"sqlite:///{tmp_path / 'file' / 'mlflow.db'}")

    with pytest.raises(ConfigError, match=r"tracking.uri: expected an MLflow file or server"):
        begun(settings, tmp_path)


def test_a_file_where_there_are_no_file_locks_is_refused_with_what_to_do(tmp_path, monkeypatch):
    def locked(_path):
        raise sqlite3.OperationalError("database is locked")

    monkeypatch.setattr(sqlite3, "connect", locked)

    with pytest.raises(ConfigError, match=r"is locked\. SQLite needs .* local disk.* server"):
        begun(TrackingSettings(uri=f"sqlite:///{tmp_path / 'mlflow.db'}"), tmp_path)


def test_a_library_that_is_absent_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow", None)

    with pytest.raises(ConfigError, match=r"pip install 'camnet\[tracking\]'"):
        imported()
