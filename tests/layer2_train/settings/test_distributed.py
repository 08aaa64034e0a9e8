from __future__ import annotations

import pytest
from pydantic import ValidationError

from layer2_train.settings.distributed import DistributedSettings


def test_a_rank_may_be_late_for_longer_than_it_may_be_silent():
    settings = DistributedSettings()

    assert settings.late_s > settings.timeout_s


@pytest.mark.parametrize("wrong", [{"timeout_s": 0}, {"late_s": -1}, {"compression": "fp8"}])
def test_what_cannot_be_is_refused(wrong):
    with pytest.raises(ValidationError):
        DistributedSettings(**wrong)
