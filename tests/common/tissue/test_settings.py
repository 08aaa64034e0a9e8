from __future__ import annotations

import pytest

from common.config import dump, load
from common.errors import ConfigError
from common.tissue.settings import PRESETS, TissueSettings


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_fills_in_its_values(preset):
    settings = TissueSettings(preset=preset)

    assert {key: getattr(settings, key) for key in PRESETS[preset]} == PRESETS[preset]


def test_he_is_the_preset_where_none_is_named():
    assert TissueSettings() == TissueSettings(preset="he")


def test_a_key_given_beside_a_preset_wins():
    settings = TissueSettings(preset="pale", max_saturation=33)

    assert settings.max_saturation == 33
    assert settings.max_density == PRESETS["pale"]["max_density"]


def test_resolved_settings_show_the_values_and_read_back_the_same(tmp_path):
    settings = load(TissueSettings, None, ["preset=ihc", "min_density=0.01"])
    path = tmp_path / "resolved.yaml"
    path.write_text(dump(settings))

    assert "max_saturation: 15" in path.read_text()
    assert load(TissueSettings, path) == settings


@pytest.mark.parametrize("wrong", ["preset=hne", "preset=[he]", "method=luck", "otsu=1"])
def test_what_is_no_setting_is_refused(wrong):
    with pytest.raises(ConfigError, match=wrong.partition("=")[0]):
        load(TissueSettings, None, [wrong])


@pytest.mark.parametrize("name", ["saturation", "density"])
def test_bounds_in_the_wrong_order_are_refused(name):
    with pytest.raises(ConfigError, match=f"min_{name} up to max_{name}"):
        load(TissueSettings, None, [f"min_{name}=1", f"max_{name}=0"])
