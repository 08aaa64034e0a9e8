from __future__ import annotations

import pytest

from common.config import load
from common.errors import ConfigError
from layer2_train.settings.mining import MineSettings


def test_the_thousand_worst_are_taken_unless_told_otherwise():
    settings = load(MineSettings)

    assert (settings.keep, settings.threshold, settings.per_slide) == (1000, None, None)


def test_limits_go_together():
    settings = load(MineSettings, overrides=["keep=null", "threshold=0.5", "per_slide=20"])

    assert (settings.keep, settings.threshold, settings.per_slide) == (None, 0.5, 20)


def test_one_limit_must_be_left():
    with pytest.raises(ConfigError, match="expected keep, threshold or per_slide, all of them are"):
        load(MineSettings, overrides=["keep=null"])


@pytest.mark.parametrize("wrong", ["keep=0", "threshold=1", "per_slide=-1", "kept=5"])
def test_what_can_take_nothing_is_refused(wrong):
    with pytest.raises(ConfigError):
        load(MineSettings, overrides=[wrong])
