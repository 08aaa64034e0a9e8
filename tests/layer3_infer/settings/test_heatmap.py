from __future__ import annotations

import pytest

from common.config import load
from common.errors import ConfigError
from layer3_infer.settings.heatmap import HeatmapSettings


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("thresold=0.5", "Did you mean 'threshold'"),
        ("threshold=1.5", "threshold: expected"),
        ("stride=0", "stride: expected"),
        ("tissue.min_fraction=0", "tissue.min_fraction: expected"),
    ],
)
def test_a_mistake_is_named_with_its_key(override, message):
    with pytest.raises(ConfigError, match=message):
        load(HeatmapSettings, None, [override])
