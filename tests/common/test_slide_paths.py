from __future__ import annotations

import shutil

import pytest

from common.cohort import SlideEntry
from common.reach import out_of_reach
from common.slide_paths import slide_paths


@pytest.fixture
def mirax(tmp_path):
    """A MIRAX slide with its folder and an annotation."""
    entry = SlideEntry("a", tmp_path / "a.mrxs", annotation=tmp_path / "a.xml")
    (tmp_path / "a").mkdir()
    for path in (*entry.files, tmp_path / "a" / "Slidedat.ini", tmp_path / "a" / "Data0000.dat"):
        path.write_text("something")
    return entry


def test_a_slide_of_one_file_is_that_and_its_annotation(tmp_path):
    entry = SlideEntry("a", tmp_path / "a.tif", annotation=tmp_path / "a.xml")

    assert [*slide_paths(entry)] == [tmp_path / "a.tif", tmp_path / "a.xml"]


def test_a_mirax_slide_is_its_folder_and_all_in_it_too(mirax, tmp_path):
    beside = [tmp_path / "a", tmp_path / "a" / "Data0000.dat", tmp_path / "a" / "Slidedat.ini"]

    assert [*slide_paths(mirax)] == [mirax.path, mirax.annotation, *beside]


def test_a_mirax_slide_whose_folder_is_gone_is_out_of_reach(mirax, tmp_path):
    before = out_of_reach(slide_paths(mirax))
    shutil.rmtree(tmp_path / "a")

    assert not before
    assert out_of_reach(slide_paths(mirax))
