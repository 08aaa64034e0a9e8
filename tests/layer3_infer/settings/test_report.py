from __future__ import annotations

import pytest

from common.config import load
from common.errors import ConfigError
from layer3_infer.settings.report import ReportSettings


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("jpeg_quality=0", "jpeg_quality: expected"),
        ("picture_width=10", "picture_width: expected"),
    ],
)
def test_a_mistake_is_named_with_its_key(override, message):
    with pytest.raises(ConfigError, match=message):
        load(ReportSettings, None, [override])
