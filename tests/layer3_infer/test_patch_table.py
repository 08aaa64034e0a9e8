from __future__ import annotations

import csv

import numpy as np

from common.grid import Grid
from layer3_infer.heatmap import Heatmap
from layer3_infer.patch_table import write_patch_table


def test_one_line_per_patch_analysed_in_the_columns_of_wsinfer(tmp_path):
    values = np.array([[np.nan, 0.25], [0.1, np.nan]], np.float32)
    heatmap = Heatmap(Grid((7, 9), 10, 20, 2, 2), values)

    write_patch_table(tmp_path / "a.csv", heatmap, ("normal", "tumor"))

    lines = (tmp_path / "a.csv").read_text().splitlines()
    assert lines[0] == "minx,miny,width,height,prob_normal,prob_tumor"
    assert lines[1] == "17,9,20,20,0.75,0.25"
    assert lines[2].startswith("7,19,20,20,0.9")


def test_probabilities_come_back_bit_by_bit(tmp_path):
    scores = np.random.default_rng(0).random((1, 200), dtype=np.float32)
    heatmap = Heatmap(Grid((0, 0), 1, 1, 1, 200), scores)

    write_patch_table(tmp_path / "a.csv", heatmap, ("normal", "tumor"))

    with (tmp_path / "a.csv").open() as stream:
        read = [np.float32(row["prob_tumor"]) for row in csv.DictReader(stream)]
    assert np.array_equal(np.array(read), scores[0])
