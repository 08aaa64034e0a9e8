from __future__ import annotations

from layer3_infer.explain.finding import Finding


def test_strength_is_nothing_where_the_layer_knows_nothing():
    assert Finding("a", "b", 1, 1, r2=-0.5, sensitivity_mean=3.0).strength == 0
    assert Finding("a", "b", 1, 1).strength == 0
    assert Finding("a", "b", 1, 1, r2=0.5, sensitivity_mean=-3.0).strength == 1.5
