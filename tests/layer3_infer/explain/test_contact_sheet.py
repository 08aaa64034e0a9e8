from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from layer3_infer.explain.colours import laid_over
from layer3_infer.explain.contact_sheet import lines_of, measures_of, write_contact_sheet
from layer3_infer.explain.explanation import Explanation
from layer3_infer.explain.explanation_file import Header, SlideExplanations

HEADER = Header("grad_cam", "tumor", "a $1$", "f", 8, 0.5, "m", "", "c", "p", "camnet test")
PATCH = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
RAW = np.linspace(-1, 1, 64, dtype=np.float32).reshape(8, 8)
ONE = Explanation("grad_cam", "tumor", RAW, PATCH, "a $1$", 5, 6, 0.9, -1)


def found(count, method="grad_cam"):
    one = replace(ONE, method=method)
    return SlideExplanations(replace(HEADER, method=method), (one,) * count)


def page_of(path):
    return np.ascontiguousarray(cv2.imread(str(path))[..., ::-1])


def test_the_sheet_grows_by_rows_of_six(tmp_path):
    heights = []
    for count in (0, 1, 6, 7):
        write_contact_sheet(tmp_path / "a.png", found(count))
        heights.append(page_of(tmp_path / "a.png").shape[0])

    assert heights[0] < heights[1] == heights[2] < heights[3]


def test_patch_and_map_stand_above_one_another(tmp_path):
    for method in ("grad_cam", "lime"):
        write_contact_sheet(tmp_path / "a.png", found(1, method))

        page = page_of(tmp_path / "a.png")
        place = []
        for picture in (PATCH, laid_over(found(1, method).explanations[0])):
            large = cv2.resize(picture, (224, 224), interpolation=cv2.INTER_NEAREST)
            match = cv2.matchTemplate(page, large, cv2.TM_SQDIFF)
            least, _, (column, row), _ = cv2.minMaxLoc(match)
            assert least < 1e-3 * (large.astype(float) ** 2).sum()
            place.append((row, column))
        assert place[0][1] == place[1][1]
        assert place[1][0] == place[0][0] + 228


def test_a_patch_that_is_nearly_certain_is_not_called_certain():
    assert lines_of(replace(ONE, probability=0.9999))[0] == "P(tumour) >0.999"


def test_a_method_that_says_how_far_to_believe_it_is_quoted():
    measured = replace(ONE, measures={"r2": 0.834, "rank_correlation": 0.9})

    assert measures_of(measured) == "R2 0.83, repeats agree 0.90"
    assert measures_of(replace(ONE, measures={"r2": 0.5})) == "R2 0.50"
    flat = {"r2": np.nan, "rank_correlation": np.nan}
    assert measures_of(replace(ONE, measures=flat)) == "the answer does not move"
    assert measures_of(ONE) == ""
