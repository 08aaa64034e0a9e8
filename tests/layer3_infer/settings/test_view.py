from __future__ import annotations

import pytest

from common.config import load
from common.errors import ConfigError
from layer3_infer.settings.view import ViewSettings


@pytest.mark.parametrize("key", ["tile_size", "jpeg_quality", "cache_mb", "open_slides"])
def test_a_mistake_is_named_with_its_key(key):
    with pytest.raises(ConfigError, match=f"{key}: expected"):
        load(ViewSettings, None, [f"{key}=0"])
