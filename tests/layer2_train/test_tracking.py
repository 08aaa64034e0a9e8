from __future__ import annotations

import logging
import sys
from contextlib import nullcontext
from dataclasses import dataclass, field

import pytest

from common.config import load
from common.errors import ConfigError, Interrupted
from layer2_train.config import TrainSettings
from layer2_train.history import Epoch
from layer2_train.tracking import Point, Tracker, opened, refuse_missing

RESULTS = {
    "test": {
        "n": 8,
        "auc": {"value": 0.875, "low": None, "high": None},
        "sensitivity": {"value": None, "low": None, "high": None},
        "threshold": 0.4,
        "intervals_over": "patients",
        "calibration": {"ece": {"value": 0.125, "low": 0.1, "high": 0.2}, "bins": []},
        "centres": {"0": {}},
    }
}


@dataclass
class Listener:
    """Writes down what it hears; does not answer while `broken`."""

    name: str = "fake"
    errors: tuple[type[Exception], ...] = (OSError,)
    broken: bool = False
    heard: list = field(default_factory=list)

    def points(self, points):
        self._answer()
        self.heard += points

    def results(self, values, step, files):
        self._answer()
        self.heard.append((values, step, list(files)))

    def close(self, status):
        self._answer()
        self.heard.append(status)

    def _answer(self):
        if self.broken:
            raise OSError("the server is gone\nfor good")


def epoch(number, auc=0.75):
    return Epoch(number, 0.5, 0.25, auc, 0.125, 2.0)


def test_an_epoch_is_told_with_what_is_known_of_it():
    listener = Listener()

    Tracker([listener]).epoch(epoch(1, auc=None))

    values = {"loss": 0.5, "valid_loss": 0.25, "learning_rate": 0.125, "seconds": 2.0}
    assert listener.heard == [Point(1, values)]


def test_a_history_that_is_told_again_is_heard_once():
    listener = Listener()
    tracker = Tracker([listener])

    for number in (1, 2, 1, 2, 3):
        tracker.epoch(epoch(number))

    assert [point.step for point in listener.heard] == [1, 2, 3]


def test_one_who_does_not_answer_stops_nobody_and_hears_later_what_he_missed(caplog):
    gone, other = Listener("gone", broken=True), Listener("other")
    tracker = Tracker([gone, other])

    with caplog.at_level(logging.WARNING):
        tracker.epoch(epoch(1))
    gone.broken = False
    tracker.epoch(epoch(2))

    assert "gone was not told, training goes on: the server is gone" in caplog.text
    assert [point.step for point in gone.heard] == [1, 2]
    assert [point.step for point in other.heard] == [1, 2]


def test_a_bug_is_not_taken_for_a_server_that_is_gone():
    tracker = Tracker([Listener(errors=(ValueError,), broken=True)])

    with pytest.raises(OSError, match="the server is gone"):
        tracker.epoch(epoch(1))


def test_results_are_told_as_numbers_of_each_split(tmp_path):
    listener = Listener()
    tracker = Tracker([listener])
    tracker.epoch(epoch(1))

    tracker.results(RESULTS, [tmp_path / "roc.png"])

    values = {"test/n": 8.0, "test/auc": 0.875, "test/threshold": 0.4, "test/ece": 0.125}
    assert listener.heard[-1] == (values, 1, [tmp_path / "roc.png"])


def test_without_a_uri_event_files_are_written_and_mlflow_is_not_imported(tmp_path):
    before = sys.modules.pop("mlflow", None)
    try:
        with opened(load(TrainSettings), tmp_path, {}) as tracker:
            tracker.epoch(epoch(1))
        assert "mlflow" not in sys.modules
    finally:
        if before is not None:
            sys.modules["mlflow"] = before

    assert list((tmp_path / "tensorboard").iterdir())


def test_a_library_that_is_absent_is_refused_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    settings = load(TrainSettings, overrides=["tracking.uri=sqlite:///runs.db"])

    with pytest.raises(ConfigError, match=r"camnet\[tracking\]"):
        refuse_missing(settings)
    with (
        pytest.raises(ConfigError, match=r"camnet\[tracking\]"),
        opened(settings, tmp_path / "out", {}),
    ):
        pass
    refuse_missing(load(TrainSettings))

    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_resumed_training_goes_on_where_mlflow_no_longer_answers(tmp_path, caplog):
    pytest.importorskip("mlflow")
    (tmp_path / "file").write_text("")
    uri = f"sqlite:///{tmp_path / 'file' / 'mlflow.db'}"
    settings = load(TrainSettings, overrides=[f"tracking.uri={uri}"])

    with pytest.raises(ConfigError, match=r"tracking.uri"), opened(settings, tmp_path, {}):
        pass
    (tmp_path / "mlflow_run_id").write_text("0123456789abcdef0123456789abcdef\n")
    with opened(settings, tmp_path, {}) as tracker:
        tracker.epoch(epoch(1))

    assert "MLflow is not told, training goes on" in caplog.text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("error", "status"),
    [(None, "FINISHED"), (Interrupted("stopped"), "KILLED"), (ValueError("bug"), "FAILED")],
)
def test_mlflow_is_told_how_it_ended_and_no_name_of_a_patient(tmp_path, error, status):
    mlflow = pytest.importorskip("mlflow")
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    settings = load(
        TrainSettings, overrides=[f"tracking.uri={uri}", "split={valid: [patient_001], test: 0}"]
    )
    record = {"software": "camnet 1", "arguments": ["--set", "split.valid=[patient_001]"]}

    expected = nullcontext() if error is None else pytest.raises(type(error))
    with expected, opened(settings, tmp_path, record) as tracker:
        tracker.epoch(epoch(1))
        if error is not None:
            raise error

    client = mlflow.MlflowClient(uri)
    run = client.get_run((tmp_path / "mlflow_run_id").read_text().strip())
    assert run.info.status == status
    assert run.data.params["network.name"] == "resnet50"
    assert run.data.params["split.valid"] == "1 patient, by name"
    assert "patient_001" not in str(run.to_dictionary())
    assert run.data.tags["camnet.software"] == "camnet 1"
