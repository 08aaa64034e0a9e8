from __future__ import annotations

import pytest

from common.config import load
from common.errors import ConfigError
from layer3_infer.settings.explain import ExplainSettings


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("methods=[guess]", "methods.*Known: grad_cam"),
        ("methods=[lime, lime]", "methods: expected each once"),
        ("methods=[]", "methods: expected at least 1 item"),
        ("choose=best", "choose: expected 'top' or 'uncertain'"),
        ("lime.samples=3", "lime.samples: expected"),
        ("lime.hidden=black", "lime.hidden: expected 'white' or 'mean'"),
        ("sanity.depths=1", "sanity.depths: expected"),
    ],
)
def test_a_mistake_is_named_with_its_key(override, message):
    with pytest.raises(ConfigError, match=message):
        load(ExplainSettings, None, [override])


def test_patches_are_named_by_place_or_by_number_and_not_by_both():
    assert not ExplainSettings().names_patches
    assert ExplainSettings(at=((1, 2),)).names_patches
    assert load(ExplainSettings, None, ["rows=[3, 4]"]).rows == (3, 4)
    with pytest.raises(ConfigError, match="rows: expected none beside at, found both"):
        load(ExplainSettings, None, ["rows=[3]", "at=[[1, 2]]"])
