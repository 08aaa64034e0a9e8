from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.config import load
from common.geometry import Pyramid
from common.patches import PatchSpec
from common.tissue import TissueMask
from common.truth import Truth
from layer1_extract.config import ExtractSettings
from layer1_extract.proposals import proposals


def known(width=400, height=300):
    tissue = np.zeros((height // 10, width // 10), bool)
    tissue[5:25, 3:30] = True
    return SimpleNamespace(
        slide=SimpleNamespace(slide_id="s", pyramid=Pyramid(((width, height),), 0.5)),
        spec=PatchSpec(20, 0.5),
        mask=TissueMask(tissue, width, height),
        truth=Truth(positive=False),
    )


def proposed(overrides, parts):
    settings = load(ExtractSettings, None, overrides)
    return [
        tuple(xy)
        for part in range(parts)
        for some in proposals(known(), settings, part, parts)
        for xy in some.xy.tolist()
    ]


@given(parts=st.integers(1, 20), stride=st.integers(5, 40))
def test_the_parts_of_a_grid_are_the_grid_in_its_order(parts, stride):
    dense = ["sampling.method=dense", f"sampling.stride={stride}"]

    assert proposed(dense, parts) == proposed(dense, 1)


@given(draws=st.integers(1, 9))
def test_the_draws_share_no_place_and_are_the_sample(draws):
    random = ["sampling.per_class=20", f"sampling.draws={draws}"]
    together, alone = proposed(random, 1), proposed(random, draws)

    assert together == alone
    assert len(set(alone)) == len(alone)


def test_nothing_is_drawn_of_a_slide_that_is_excluded_and_all_of_its_grid_is_looked_at():
    one = known()
    one.truth = Truth(excluded="a duplicate")
    random = load(ExtractSettings, None, [])
    dense = load(ExtractSettings, None, ["sampling.method=dense"])

    assert list(proposals(one, random, 0, 1)) == []
    assert [len(some.xy) for some in proposals(one, dense, 0, 1)] == [20 * 15]


def test_the_quotas_of_the_draws_add_up():
    settings = load(ExtractSettings, None, ["sampling.per_class=20", "sampling.draws=3"])
    quotas = [some.quota for some in proposals(known(), settings, 0, 1)]

    assert sum(quota[0] for quota in quotas) == 20


def test_random_sampling_has_as_many_parts_as_draws():
    settings = load(ExtractSettings, None, ["sampling.draws=2"])

    with pytest.raises(ValueError, match="2 draws has no 3 parts"):
        list(proposals(known(), settings, 0, 3))
