from __future__ import annotations

import pytest

from common.config import load
from common.errors import ConfigError
from layer1_extract.blocks import check_blocks
from layer1_extract.config import ExtractSettings


def test_random_sampling_can_be_cut_into_its_draws_and_nothing_else():
    random = load(ExtractSettings, None, ["sampling.draws=3"])
    dense = load(ExtractSettings, None, ["sampling.method=dense"])

    for blocks, settings in [(1, random), (3, random), (7, dense)]:
        check_blocks(blocks, settings)
    with pytest.raises(ConfigError, match="--blocks: expected 3"):
        check_blocks(2, random)
