from __future__ import annotations

import pytest
from pydantic import ValidationError

from layer3_infer.settings.suggest import SuggestSettings


@pytest.mark.parametrize(
    "wrong", [{"threshold": 1.1}, {"uncertain": -1}, {"spacing": 0.5}, {"min_area_um2": -1}]
)
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValidationError):
        SuggestSettings(**wrong)


def test_the_threshold_is_the_model_s_unless_stated():
    assert SuggestSettings().threshold is None
