from __future__ import annotations

from itertools import combinations_with_replacement, permutations

import pytest

from layer3_infer.evaluation.lesions import CLASSES
from layer3_infer.evaluation.staging import STAGES, stage_of


@pytest.mark.parametrize(
    ("classes", "stage"),
    [
        ("negative negative negative negative negative", "pN0"),
        ("negative itc negative negative negative", "pN0(i+)"),
        ("itc itc itc itc itc", "pN0(i+)"),
        ("micro negative negative negative negative", "pN1mi"),
        ("micro micro micro micro micro", "pN1mi"),
        ("macro negative negative negative negative", "pN1"),
        ("macro micro micro itc itc", "pN1"),
        ("macro micro micro micro itc", "pN2"),
        ("macro macro macro macro negative", "pN2"),
        ("macro macro macro itc itc", "pN1"),
    ],
)
def test_a_patient_is_of_the_stage_that_camelyon17_defines(classes, stage):
    assert stage_of(classes.split()) == stage


def test_a_worse_node_never_lowers_the_stage():
    for nodes in combinations_with_replacement(CLASSES, 5):
        for at, node in enumerate(nodes):
            for worse in CLASSES[CLASSES.index(node) :]:
                changed = [*nodes[:at], worse, *nodes[at + 1 :]]
                assert STAGES.index(stage_of(changed)) >= STAGES.index(stage_of(nodes))


def test_the_order_of_the_nodes_does_not_matter():
    nodes = ("macro", "micro", "itc", "negative")

    assert {stage_of(order) for order in permutations(nodes)} == {"pN1"}


@pytest.mark.parametrize("classes", [[], ["positive"]])
def test_there_is_no_stage_without_nodes_whose_class_is_known(classes):
    with pytest.raises(ValueError, match="expected classes among"):
        stage_of(classes)
