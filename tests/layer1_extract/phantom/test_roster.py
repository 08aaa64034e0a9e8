from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from layer1_extract.phantom.roster import Entry, roster
from layer1_extract.phantom.settings import MOST_SLIDES


def test_centres_hold_the_patients_that_camelyon17_gives_them():
    for entry in roster(MOST_SLIDES):
        assert int(entry.patient[-3:]) // 20 == entry.centre


def test_no_two_slides_share_a_name():
    names = {entry.slide_id for entry in roster(MOST_SLIDES)}

    assert len(names) == MOST_SLIDES
    assert "patient_059_node_4" in names


def test_six_slides_are_six_patients_two_from_each_centre():
    entries = roster(6)

    assert len({entry.patient for entry in entries}) == 6
    assert sorted(entry.centre for entry in entries) == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize("held_out", list(product([0, 3], [1, 4], [2, 5])))
def test_whichever_patient_of_each_centre_is_held_out_both_sides_have_tumour(held_out):
    sides = [[e for e in roster(6) if (e.index in held_out) is side] for side in (True, False)]

    assert all(sum(entry.positive for entry in side) >= 2 for side in sides)


def test_negative_slides_come_from_every_centre():
    assert not all(entry.positive for entry in roster(3))
    assert {entry.centre for entry in roster(12) if not entry.positive} == {0, 1, 2}


def test_files_are_where_camelyon17_has_them():
    entry, out = Entry(4), Path("out")

    assert entry.slide_path(out) == out / "centre_1" / "patient_021_node_0.tif"
    assert entry.annotation_path(out) == out / "lesion_annotations" / "patient_021_node_0.xml"
    assert entry.truth_path(out) == out / "truth" / "patient_021_node_0.json"
