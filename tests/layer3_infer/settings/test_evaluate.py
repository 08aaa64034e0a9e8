from __future__ import annotations

import pytest

from common.config import load
from common.errors import ConfigError
from layer3_infer.settings.evaluate import EvaluateSettings


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("replicates=0", "replicates: expected"),
        ("threshold=2", "threshold: expected"),
        ("detection_min=-1", "detection_min: expected"),
        ("detection_radius_um=-1", "detection_radius_um: expected"),
        ("detection_radius_um=1e7", "detection_radius_um: expected"),
        ("seed=-1", "seed: expected"),
        ("slides_min=0", "slides_min: expected"),
    ],
)
def test_a_mistake_is_named_with_its_key(override, message):
    with pytest.raises(ConfigError, match=message):
        load(EvaluateSettings, None, [override])
