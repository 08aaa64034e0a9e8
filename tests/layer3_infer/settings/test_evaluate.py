from __future__ import annotations

import pytest

from common.config import load
from common.errors import ConfigError
from layer3_infer.settings.evaluate import EvaluateSettings


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("replicates=0", "replicates: expected"),
    ],
)
def test_a_mistake_is_named_with_its_key(override, message):
    with pytest.raises(ConfigError, match=message):
        load(EvaluateSettings, None, [override])
