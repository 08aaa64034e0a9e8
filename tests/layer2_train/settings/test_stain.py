from __future__ import annotations

import pytest
from pydantic import ValidationError

from common.stain import METHODS
from layer2_train.settings.stain import StainSettings


def test_colours_are_left_as_scanned_unless_a_method_is_named():
    assert StainSettings().method == "none"


@pytest.mark.parametrize("method", METHODS)
def test_every_method_there_is_can_be_named(method):
    assert StainSettings.model_validate({"method": method}).method == method


@pytest.mark.parametrize("values", [{"method": "vahadane"}, {"patches": 0}, {"patches": 1001}])
def test_what_cannot_be_done_is_refused(values):
    with pytest.raises(ValidationError):
        StainSettings.model_validate(values)
