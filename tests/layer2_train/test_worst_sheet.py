from __future__ import annotations

import cv2
import numpy as np

from layer2_train.worst_sheet import write_sheet


def test_patches_stand_in_rows_of_twelve_each_in_its_colours(tmp_path):
    red, violet = (np.full((30, 30, 3), colour, np.uint8) for colour in [(200, 0, 0), (90, 0, 160)])

    write_sheet(tmp_path / "worst.png", [(red, 0.99), *[(violet, 0.5)] * 12])

    sheet = cv2.cvtColor(cv2.imread(str(tmp_path / "worst.png")), cv2.COLOR_BGR2RGB)
    assert sheet.shape == (2 * 114, 12 * 96, 3)
    assert sheet[48, 48].tolist() == [200, 0, 0]
    assert sheet[114 + 48, 48].tolist() == [90, 0, 160]
    assert sheet[114 + 48, 96 + 48].tolist() == [255, 255, 255]
    assert (sheet[96:114, :96] < 128).any()  # the probability is written under the patch


def test_a_probability_just_below_one_is_not_written_as_one(tmp_path):
    patch = np.full((30, 30, 3), 90, np.uint8)

    write_sheet(tmp_path / "worst.png", [(patch, 0.99998), (patch, 1.0)])

    sheet = cv2.imread(str(tmp_path / "worst.png"))
    below, at = sheet[96:114, :96], sheet[96:114, 96:192]
    assert (below != at).any()
    assert (below[:, 90:] == 255).all()  # it fits under its patch
