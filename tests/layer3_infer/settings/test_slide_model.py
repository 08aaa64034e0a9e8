from __future__ import annotations

import pytest

from common.config import load
from common.errors import ConfigError
from layer3_infer.settings.slide_model import SlideModelSettings


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("folds=1", "folds: expected"),
        ("classes=five", "classes: expected"),
        ("thresholds=[]", "thresholds: expected"),
        ("thresholds=[0]", "thresholds"),
        ("regularisation=0", "regularisation: expected"),
    ],
)
def test_a_mistake_is_named_with_its_key(override, message):
    with pytest.raises(ConfigError, match=message):
        load(SlideModelSettings, None, [override])
