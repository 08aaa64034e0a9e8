from __future__ import annotations

import numpy as np

from layer3_infer.report.explained import ExplainedPatch, ExplainedPatches
from layer3_infer.report.side_by_side import SideBySide
from layer3_infer.viewer.pictures import embed


def patch(x, shade=0):
    picture = embed(np.full((8, 8, 3), shade, np.uint8), ".png")
    pictures = (picture, picture, picture, picture)
    return ExplainedPatch("element", 1, x, 7, 16, 0.5, "", "", *pictures)


def method(name, *patches, **more):
    return ExplainedPatches(name, "said", patches, **more)


def test_patches_that_several_methods_explain_stand_in_one_row():
    one, other = patch(1), patch(2)

    found = SideBySide.of([method("Grad-CAM", one, other), method("LIME", other, patch(3))])

    assert found.methods == ["Grad-CAM", "LIME"]
    assert found.rows == [{"Grad-CAM": other, "LIME": other}]


def test_patches_without_a_place_are_known_by_their_pixels():
    dark, light = patch(-1), patch(-1, 200)

    found = SideBySide.of([method("Grad-CAM", dark, light), method("LIME", light)])

    assert found.rows == [{"Grad-CAM": light, "LIME": light}]


def test_one_method_or_one_of_another_model_is_compared_with_nothing():
    assert SideBySide.of([method("LIME", patch(1))]).rows == []
    others = [method("LIME", patch(1)), method("Grad-CAM", patch(1), other_model=True)]
    assert SideBySide.of(others) == SideBySide([], [])
