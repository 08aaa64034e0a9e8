from __future__ import annotations

from common.config import load
from layer2_train.settings.tracking import TrackingSettings


def test_nobody_outside_is_told_unless_an_address_is_given():
    assert TrackingSettings().uri is None
    assert load(TrackingSettings, overrides=["uri=sqlite:///a.db"]).uri == "sqlite:///a.db"
