from __future__ import annotations

import numpy as np

from layer3_infer.explain.finding import Finding, Origins


def test_strength_is_nothing_where_the_layer_knows_nothing():
    assert Finding("a", "b", 1, 1, r2=-0.5, sensitivity_mean=3.0).strength == 0
    assert Finding("a", "b", 1, 1).strength == 0
    assert Finding("a", "b", 1, 1, r2=0.5, sensitivity_mean=-3.0).strength == 1.5


def test_some_patches_come_from_where_they_came_from_among_all():
    origins = Origins(np.array([0, 0, 1]), np.array([3, 4, 5]), np.array([[1, 2], [3, 4], [5, 6]]))

    some = origins.of(np.array([2, 0]))

    assert (some.patients.tolist(), some.slides.tolist()) == ([1, 0], [5, 3])
    assert some.places.tolist() == [[5, 6], [1, 2]]
