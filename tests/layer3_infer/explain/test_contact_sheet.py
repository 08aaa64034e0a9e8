from __future__ import annotations

import cv2
import numpy as np

from layer3_infer.explain.contact_sheet import laid_over, write_contact_sheet
from layer3_infer.explain.explanation import Explanation
from layer3_infer.explain.explanation_file import Header, SlideExplanations

HEADER = Header("grad_cam", "tumor", "a $1$", "f", 8, 0.5, "m", "", "c", "p", "camnet test")
PATCH = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)


def found(count):
    attribution = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)
    one = Explanation("grad_cam", "tumor", attribution, PATCH, "a $1$", 5, 6, 0.9, -1)
    return SlideExplanations(HEADER, (one,) * count)


def test_where_nothing_speaks_for_tumour_the_patch_is_untouched():
    attribution = np.zeros((8, 8), np.float32)
    attribution[3, 4] = 1

    over = laid_over(PATCH, attribution)

    differs = (over != PATCH).any(axis=-1)
    assert differs[3, 4]
    assert differs.sum() == 1


def test_the_sheet_grows_by_rows_of_six(tmp_path):
    heights = []
    for count in (0, 1, 6, 7):
        write_contact_sheet(tmp_path / "a.png", found(count))
        heights.append(cv2.imread(str(tmp_path / "a.png")).shape[0])

    assert heights[0] < heights[1] == heights[2] < heights[3]


def test_patch_and_map_stand_above_one_another(tmp_path):
    write_contact_sheet(tmp_path / "a.png", found(1))

    page = np.ascontiguousarray(cv2.imread(str(tmp_path / "a.png"))[..., ::-1])
    place = []
    explanation = found(1).explanations[0]
    for picture in (PATCH, laid_over(PATCH, explanation.attribution)):
        large = cv2.resize(picture, (224, 224), interpolation=cv2.INTER_NEAREST)
        match = cv2.matchTemplate(page, large, cv2.TM_SQDIFF)
        least, _, (column, row), _ = cv2.minMaxLoc(match)
        assert least < 1e-3 * (large.astype(float) ** 2).sum()
        place.append((row, column))
    assert place[0][1] == place[1][1]
    assert place[1][0] == place[0][0] + 228
