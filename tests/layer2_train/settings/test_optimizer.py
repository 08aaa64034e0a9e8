from __future__ import annotations

import pytest

from common.config import load
from common.errors import ConfigError
from layer2_train.config import TrainSettings


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw", "lamb"])
def test_every_optimizer_may_clip_gradients_and_average_weights(name):
    given = f"optimizer={{name: {name}, clip_norm: 1, average: 0.99}}"

    optimizer = load(TrainSettings, overrides=[given]).optimizer

    assert (optimizer.name, optimizer.clip_norm, optimizer.average) == (name, 1, 0.99)


def test_what_another_optimizer_has_is_refused():
    with pytest.raises(ConfigError, match="momentum"):
        load(TrainSettings, overrides=["optimizer={name: adam, momentum: 0.9}"])
