from __future__ import annotations

from common.cohort import SlideEntry
from common.units import Unit, units_of


def test_every_slide_is_cut_into_parts_with_names_of_their_own(tmp_path):
    entries = [SlideEntry(name, tmp_path / f"{name}.tif") for name in "ab"]

    assert [unit.name for unit in units_of(entries)] == ["a", "b"]
    assert [unit.name for unit in units_of(entries, 2)] == [
        "a.part-0-of-2",
        "a.part-1-of-2",
        "b.part-0-of-2",
        "b.part-1-of-2",
    ]


def test_a_part_is_its_share_of_the_file_and_nothing_where_there_is_none(tmp_path):
    (tmp_path / "a.tif").write_bytes(bytes(100))

    assert Unit(SlideEntry("a", tmp_path / "a.tif"), 1, 4).size == 25
    assert Unit(SlideEntry("b", tmp_path / "b.tif")).size == 0
