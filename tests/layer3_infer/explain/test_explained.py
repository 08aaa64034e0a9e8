from __future__ import annotations

import numpy as np
import pytest
from planted_concepts import QUICK, plant

from layer3_infer.explain.explained import beside_others, leading, less
from layer3_infer.explain.finding import Finding, Values


@pytest.fixture(scope="module")
def findings():
    planted = plant()
    concepts = [Values(name, own) for name, own in planted.concepts.items()]
    found = beside_others({"layer": planted.view}, concepts, planted.origins, QUICK)
    return {finding.concept: finding for finding in found}


def test_what_goes_along_with_a_stronger_concept_is_explained_by_it(findings):
    assert findings["along"].passes_alone
    assert not findings["along"].passes
    assert findings["along"].explained_by == "followed"


def test_the_strongest_concept_passes_and_is_explained_by_none(findings):
    assert findings["followed"].passes
    assert findings["followed"].explained_by == ""


def test_what_does_not_pass_alone_does_not_pass_beside_others(findings):
    for name in ("known", "absent"):
        assert not findings[name].passes_alone
        assert not findings[name].passes
        assert findings[name].explained_by == ""


def test_two_concepts_that_each_move_the_score_both_pass():
    planted = plant(also=-0.8)
    concepts = [Values(name, planted.concepts[name]) for name in ("followed", "known")]

    found = beside_others({"layer": planted.view}, concepts, planted.origins, QUICK)

    assert [finding.passes for finding in found] == [True, True]
    assert found[0].sensitivity_mean > 0 > found[1].sensitivity_mean


def test_what_is_left_of_a_concept_goes_with_no_leader_within_slides():
    rng = np.random.default_rng(0)
    slides = np.arange(90) % 3
    leader = rng.normal(size=90) + 5 * slides
    bent = leader + 0.3 * (leader - leader.mean()) ** 2
    concept = Values("bent", bent + 7 * slides)

    left = less(concept, [Values("leader", leader)], slides)

    np.testing.assert_allclose(left.values, 0, atol=1e-9)


def test_what_is_left_is_not_known_where_a_leader_is_not():
    slides = np.zeros(6, int)
    leader = np.array([1.0, np.nan, 3, 4, 5, 7])
    concept = np.array([np.nan, 2.0, 1, 0, 3, 1])

    left = less(Values("a", concept), [Values("leader", leader)], slides)

    assert np.isnan(left.values).tolist() == [True, True, False, False, False, False]


def test_the_leader_is_the_strongest_over_the_layers_of_those_that_pass():
    found = [
        Finding("a", "one", 1, 1, r2=1.0, sensitivity_mean=5.0),
        Finding("b", "one", 1, 1, r2=1.0, sensitivity_mean=-4.5),
        Finding("a", "two", 1, 1, r2=0.1, sensitivity_mean=1.0),
        Finding("b", "two", 1, 1, r2=0.9, sensitivity_mean=-1.0),
    ]

    assert leading(found, {("a", "one"), ("b", "one")}) == "b"
    assert leading(found, {("a", "one")}) == "a"
