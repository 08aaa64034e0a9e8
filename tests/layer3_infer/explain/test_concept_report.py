from __future__ import annotations

import numpy as np
import pytest

from layer3_infer.explain.concept_report import together
from layer3_infer.explain.finding import Values

SLIDES = np.arange(60) % 3


def pairs(**values):
    return together([Values(name, own) for name, own in values.items()], SLIDES)


def test_concepts_go_together_by_what_they_do_within_slides():
    rng = np.random.default_rng(0)
    one, noise = rng.normal(size=(2, 60))

    found = pairs(one=one, against=-one + 9 * SLIDES, apart=noise + 9 * SLIDES)

    assert [pair[:2] for pair in found] == [("one", "against")]
    assert found[0][2] == pytest.approx(-1)


def test_the_closest_pair_comes_first():
    rng = np.random.default_rng(0)
    one, noise, more = rng.normal(size=(3, 60))

    found = pairs(one=one, near=one + 0.2 * noise, far=one + 0.7 * more)

    assert found[0][:2] == ("one", "near")
    assert [abs(r) for *_, r in found] == sorted((abs(r) for *_, r in found), reverse=True)


def test_what_never_varies_or_is_never_known_together_goes_with_nothing():
    one = np.random.default_rng(0).normal(size=60)
    first, last = (
        np.where(np.arange(60) < 30, one, np.nan),
        np.where(np.arange(60) < 30, np.nan, one),
    )

    assert pairs(one=one, constant=np.ones(60)) == []
    assert pairs(first=first, last=last) == []
