from __future__ import annotations

import pytest

from common.config import load
from common.errors import ConfigError
from layer2_train.settings.data import BalanceSettings, ClassWeights, LoadingSettings


def test_shares_of_classes_may_be_given_as_weights():
    given = load(BalanceSettings, overrides=["classes={normal: 3, tumor: 1}"])

    assert given.classes == ClassWeights(normal=3, tumor=1)


@pytest.mark.parametrize("wrong", ["classes=equal", "classes={normal: 0}", "centres={a: 1}"])
def test_other_shares_are_refused(wrong):
    with pytest.raises(ConfigError):
        load(BalanceSettings, overrides=[wrong])


def test_a_window_of_one_patch_would_shuffle_nothing():
    with pytest.raises(ConfigError, match="window"):
        load(LoadingSettings, overrides=["window=1"])
