from __future__ import annotations

import pytest
from stained_tissue import tissue

from common.stain.methods import METHODS
from common.stain.pixels import tissue_pixels


@pytest.mark.parametrize("name", METHODS)
def test_what_a_method_measures_can_be_a_target(name):
    method = METHODS[name]

    found = method.measure(tissue_pixels(tissue()))

    assert type(found) is type(method.target)
    assert type(found).model_validate_json(found.model_dump_json()) == found
