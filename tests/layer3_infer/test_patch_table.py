from __future__ import annotations

import csv

import numpy as np
import pytest

from common.errors import ContractError
from common.grid import Grid
from layer3_infer.heatmap import Heatmap
from layer3_infer.patch_table import check_patch_table, write_patch_table


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


@pytest.fixture
def table(tmp_path):
    write_patch_table(tmp_path / "a.csv", HEATMAP, ("normal, or not", "tumor"))
    return tmp_path / "a.csv"


HEATMAP = Heatmap(Grid((7, 9), 10, 20, 2, 2), np.array([[np.nan, 0.25], [0.1, 0.5]], np.float32))


def test_the_whole_table_of_its_heatmap_passes(table):
    check_patch_table(table, HEATMAP)


def test_a_slide_without_a_patch_has_a_table_that_passes(tmp_path):
    empty = Heatmap(Grid((0, 0), 10, 20, 0, 0), np.empty((0, 0), np.float32))

    write_patch_table(tmp_path / "a.csv", empty, ("normal", "tumor"))

    check_patch_table(tmp_path / "a.csv", empty)
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 1


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("17,9,20,20,0.75,0.25\n", "", "line 2"),
        ("0.75,0.25", "0.75,0.26", "line 2"),
        ("17,19,20,20,0.5,0.5\n", "", "line 4: expected '17,19,20,20,0.5,0.5.n', found nothing"),
        ("0.5,0.5\n", "0.5,0.5\n1,2,3,4,0,1\n", "line 5: expected nothing more"),
        ("minx", "x", "line 1"),
        ("prob_tumor", "tumor", "line 1"),
        ("prob_", "\xff", "text|line 1"),
    ],
)
def test_a_table_of_something_else_is_refused_by_its_first_line_that_differs(table, old, new, line):
    text = table.read_text()
    assert old in text
    table.write_bytes(text.replace(old, new).encode("latin-1"))

    with pytest.raises(ContractError, match=line):
        check_patch_table(table, HEATMAP)
