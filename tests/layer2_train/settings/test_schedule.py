from __future__ import annotations

import pytest

from common.config import load
from common.errors import ConfigError
from layer2_train.settings.schedule import EarlyStopping, ScheduleSettings


def test_scaling_with_the_ranks_is_left_to_the_optimizer_unless_stated():
    assert ScheduleSettings().scaling is None
    assert load(ScheduleSettings, overrides=["scaling=none"]).scaling == "none"


@pytest.mark.parametrize("wrong", ["name=step", "warmup_epochs=-1", "scaling=2"])
def test_other_schedules_are_refused(wrong):
    with pytest.raises(ConfigError):
        load(ScheduleSettings, overrides=[wrong])


def test_training_never_stops_early_unless_asked_to():
    assert EarlyStopping().patience is None
