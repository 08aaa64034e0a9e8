from __future__ import annotations

from pathlib import Path

import pytest

from common.cohort import SlideEntry
from common.cohort.places import MOST, absent, folders_of


def at(*paths):
    return [SlideEntry(f"s{i}", Path(path)) for i, path in enumerate(paths)]


def test_a_folder_is_named_once_and_not_those_inside_it():
    paths = ("/data/a/s.tif", "/data/a/t.tif", "/data/a/b/s.tif", "/data/ab/s.tif")

    assert folders_of(at(*paths)) == [Path("/data/a"), Path("/data/ab")]


def test_annotations_lie_somewhere_too():
    entry = SlideEntry("s", Path("/data/s/s.tif"), annotation=Path("/data/xml/s.xml"))

    assert folders_of([entry]) == [Path("/data/s"), Path("/data/xml")]


def test_what_a_link_leads_to_is_named_beside_the_link(tmp_path):
    store, shown = tmp_path / "store", tmp_path / "shown"
    store.mkdir()
    shown.mkdir()
    (store / "s.tif").touch()
    (shown / "s.tif").symlink_to(store / "s.tif")

    assert folders_of(at(shown / "s.tif")) == [shown, store]


@pytest.mark.parametrize("number", [MOST, MOST + 1, 5000])
def test_many_folders_become_the_one_they_are_in(number):
    entries = at(*(f"/data/cohort/case{i}/series/s.dcm" for i in range(number)))

    found = folders_of(entries)

    assert len(found) == (MOST if number == MOST else 1)
    assert found[0] == Path("/data/cohort/case0/series" if number == MOST else "/data/cohort")


def test_folders_all_over_the_machine_are_never_its_root():
    found = folders_of(at(*(f"/disk{i}/a/b/s.tif" for i in range(40))))

    assert len(found) == 40
    assert {len(folder.parts) for folder in found} == {3}


def test_slides_without_a_file_are_told(tmp_path):
    (tmp_path / "a.tif").touch()

    assert absent(at(tmp_path / "a.tif", tmp_path / "b.tif")) == ["s1"]
