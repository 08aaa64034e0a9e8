from __future__ import annotations

import pytest

from common.config import load
from common.errors import ConfigError
from layer2_train.config import TrainSettings
from layer2_train.settings.tracking import TrackingSettings


@pytest.mark.parametrize("uri", ["sqlite:///a.db", "http://127.0.0.1:5000", "https://host/mlflow"])
def test_nobody_outside_is_told_unless_an_address_is_given(uri):
    assert TrackingSettings().uri is None
    assert load(TrackingSettings, overrides=[f"uri={uri}"]).uri == uri


@pytest.mark.parametrize("uri", ["foo", "./mlruns", "sqlite:///", "http://", "file:///a", "a:5000"])
def test_another_kind_of_address_is_refused_with_those_there_are(uri):
    with pytest.raises(ConfigError, match=r"uri: expected an address such as sqlite:///") as caught:
        load(TrackingSettings, overrides=[f"uri={uri!r}"])

    assert "http://" in str(caught.value)
    assert "https://" in str(caught.value)


def test_a_password_in_an_address_is_refused_with_where_it_belongs():
    with pytest.raises(ConfigError, match="MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"):
        load(TrackingSettings, overrides=["uri=http://user:pw@127.0.0.1:9"])


@pytest.mark.parametrize(
    "override",
    [
        "tracking.uri=http://user:SECRET@127.0.0.1:9",
        "tracking.uri=https://SECRET@host",
        "tracking.uri=https://user:SEC/SECRET@host",
        "tracking.uri=https://host/?token=SECRET",
        "tracking.uri=postgresql://user:SECRET@host/runs",
        "tracking.uri=[http://user:SECRET@host]",
        "tracking.uri={a: http://user:SECRET@host}",
        "tracking.uri={a: http://user:SECRET@host",
        "tracking.uri: http://user:SECRET@host",
        "tracking.url=http://user:SECRET@host",
        "tracking=http://user:SECRET@host",
        f"tracking=http://user:SECRET{300 * 'x'}@host",
        f"tracking.uri=[http://user:SECRET{300 * 'x'}@host]",
    ],
)
def test_no_message_repeats_a_password(override):
    with pytest.raises(ConfigError) as caught:
        load(TrainSettings, overrides=[override, "loss=mean_squared_error", "label_smoothing=0.1"])

    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "tracking: {uri: http://user:SECRET@host}",
        "tracking: {uri: http://user:SECRET@host, uri: a}",
        "tracking: {uri: http://user:SECRET@host: x}",
        "tracking:\n  uri: http://user:SECRET@host\n experiment: x",
        "- http://user:SECRET@host",
    ],
)
def test_no_message_about_a_file_repeats_a_password(tmp_path, text):
    path = tmp_path / "c.yaml"
    path.write_text(text)

    with pytest.raises(ConfigError) as caught:
        load(TrainSettings, path)

    assert "SECRET" not in str(caught.value)
    assert str(path) in str(caught.value)
