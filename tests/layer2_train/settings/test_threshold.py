from __future__ import annotations

import pytest

from common.config import dump, load
from common.errors import ConfigError
from layer2_train.config import EvaluateSettings, TrainSettings
from layer2_train.settings.threshold import AtSensitivity, AtSpecificity


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.3", 0.3),
        ("youden", "youden"),
        ("{sensitivity: 0.95}", AtSensitivity(sensitivity=0.95)),
        ("{specificity: 0.9}", AtSpecificity(specificity=0.9)),
    ],
)
def test_each_form_is_read_and_written_back(text, value, tmp_path):
    settings = load(TrainSettings, overrides=[f"threshold={text}"])
    (tmp_path / "config.yaml").write_text(dump(settings))

    assert settings.threshold == value
    assert load(TrainSettings, tmp_path / "config.yaml") == settings


@pytest.mark.parametrize(
    "text",
    ["0", "1.0", "yuden", "{sensitivity: 2}", "{sensitivity: 0.9, specificity: 0.9}", "{}", "null"],
)
def test_another_form_is_refused_in_one_line_that_names_the_four(text):
    with pytest.raises(ConfigError) as refused:
        load(TrainSettings, overrides=[f"threshold={text}"])

    (line,) = str(refused.value).splitlines()
    assert "threshold: expected a probability between 0 and 1, youden, {sensitivity" in line


def test_evaluation_takes_the_bundles_own_unless_a_number_is_given():
    assert load(EvaluateSettings).threshold is None
    assert load(EvaluateSettings, overrides=["threshold=0.3"]).threshold == 0.3
    with pytest.raises(ConfigError, match="threshold"):
        load(EvaluateSettings, overrides=["threshold=youden"])
