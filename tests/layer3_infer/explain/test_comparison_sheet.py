from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from layer3_infer.explain.colours import laid_over
from layer3_infer.explain.comparison_sheet import write_comparison
from layer3_infer.explain.explanation import Explanation
from layer3_infer.explain.explanation_file import Header, SlideExplanations

HEADER = Header("grad_cam", "tumor", "a $1$", "f", 8, 0.5, "m", "", "c", "p", "camnet test")
RNG = np.random.default_rng(0)


def explanations(method, count=2):
    rows = tuple(
        Explanation(
            method,
            "tumor",
            np.random.default_rng((number, len(method))).normal(size=(8, 8)).astype(np.float32),
            np.random.default_rng(number).integers(0, 256, (8, 8, 3), dtype=np.uint8),
            "a $1$",
            -1,
            -1,
            0.5,
            1,
        )
        for number in range(count)
    )
    return SlideExplanations(replace(HEADER, method=method), rows)


def place_of(page, picture):
    large = cv2.resize(picture, (224, 224), interpolation=cv2.INTER_NEAREST)
    least, _, (column, row), _ = cv2.minMaxLoc(cv2.matchTemplate(page, large, cv2.TM_SQDIFF))
    assert least < 1e-3 * (large.astype(float) ** 2).sum()
    return row, column


def test_a_row_holds_a_patch_and_its_map_by_each_method_in_their_order(tmp_path):
    found = [explanations(method) for method in ("grad_cam", "grad_cam_pp", "lime")]

    write_comparison(tmp_path / "a.png", found)

    page = np.ascontiguousarray(cv2.imread(str(tmp_path / "a.png"))[..., ::-1])
    for row in range(2):
        of_row = [one.explanations[row] for one in found]
        places = [place_of(page, of_row[0].patch), *(place_of(page, laid_over(e)) for e in of_row)]
        assert len({top for top, _ in places}) == 1
        columns = [left for _, left in places]
        assert columns == sorted(set(columns))


def test_a_slide_without_patches_has_a_sheet_too(tmp_path):
    write_comparison(tmp_path / "a.png", [explanations("grad_cam", 0), explanations("lime", 0)])

    assert (tmp_path / "a.png").exists()


def test_methods_of_different_patches_are_not_set_side_by_side(tmp_path):
    with pytest.raises(ValueError, match="zip"):
        write_comparison(tmp_path / "a.png", [explanations("grad_cam", 1), explanations("lime")])
