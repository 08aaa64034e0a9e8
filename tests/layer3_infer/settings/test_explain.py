from __future__ import annotations

import pytest

from common.config import load
from common.errors import ConfigError
from layer3_infer.settings.explain import ExplainSettings


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("method=guess", "method: .*Known: grad_cam"),
    ],
)
def test_a_mistake_is_named_with_its_key(override, message):
    with pytest.raises(ConfigError, match=message):
        load(ExplainSettings, None, [override])
