from __future__ import annotations

import os

import pytest

from layer1_extract.dataset_lock.listing import list_files


def filled(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def names(folder):
    return sorted(list_files(folder).files)


def test_every_file_of_a_folder_is_listed_with_its_size(tmp_path):
    filled(tmp_path, "a.mrxs", "a/Slidedat.ini", "a/deep/Data0001.dat", "stages.csv")

    found = list_files(tmp_path)

    assert sorted(found.files) == ["a.mrxs", "a/Slidedat.ini", "a/deep/Data0001.dat", "stages.csv"]
    assert found.files["a/deep/Data0001.dat"].size == len("a/deep/Data0001.dat")
    assert found.size == sum(map(len, found.files))


def test_what_is_hidden_or_half_written_is_left_out(tmp_path):
    filled(tmp_path, "a.tif", ".a.tif.0123456789abcdef.partial", ".snapshot/a.tif", "b.tif.partial")
    filled(tmp_path, ".dataset.sha256.0123.journal")

    assert names(tmp_path) == ["a.tif"]


def test_the_lock_is_left_out_and_one_of_a_folder_within_is_not(tmp_path):
    filled(tmp_path, "dataset.sha256", "slides/dataset.sha256")

    assert names(tmp_path) == ["slides/dataset.sha256"]


def test_who_is_at_work_is_left_out_and_another_folder_of_that_name_is_not(tmp_path):
    filled(tmp_path, "out/config.resolved.yaml", "out/running/s.json", "slides/running/s.tif")

    assert names(tmp_path) == ["out/config.resolved.yaml", "slides/running/s.tif"]


def test_a_link_counts_as_what_it_leads_to_and_is_told_where_it_leaves(tmp_path):
    folder = tmp_path / "data"
    filled(tmp_path, "data/a.tif", "elsewhere/b.tif", "archive/c/d.tif")
    (folder / "inside.tif").symlink_to("a.tif")
    (folder / "b.tif").symlink_to(tmp_path / "elsewhere" / "b.tif")
    (folder / "c").symlink_to(tmp_path / "archive" / "c")

    found = list_files(folder)

    assert sorted(found.files) == ["a.tif", "b.tif", "c/d.tif", "inside.tif"]
    assert found.files["b.tif"].size == len("elsewhere/b.tif")
    assert found.leaving == ["b.tif", "c"]


def test_links_that_lead_nowhere_or_back_are_told(tmp_path):
    filled(tmp_path, "sub/a.tif")
    (tmp_path / "sub" / "up").symlink_to("..")
    (tmp_path / "gone.tif").symlink_to("nothing.tif")
    (tmp_path / "self").symlink_to("self")

    found = list_files(tmp_path)

    assert list(found.files) == ["sub/a.tif"]
    assert sorted(found.unreadable) == ["gone.tif", "self", "sub/up"]
    assert "a folder that holds it" in found.unreadable["sub/up"]


def test_a_folder_with_several_names_is_listed_under_each(tmp_path):
    filled(tmp_path, "run3/a.tif")
    (tmp_path / "latest").symlink_to("run3")

    assert names(tmp_path) == ["latest/a.tif", "run3/a.tif"]


def test_a_folder_to_which_very_many_ways_lead_is_told_once(tmp_path):
    for number in range(17):
        (tmp_path / str(number)).mkdir()
        for link in ("left", "right"):
            (tmp_path / str(number) / link).symlink_to(f"../{number + 1}")
    filled(tmp_path, "17/a.tif")

    found = list_files(tmp_path)

    assert found.unreadable
    assert len(found.unreadable) <= 17
    assert {*found.unreadable.values()} == {"more than 256 ways lead to this folder"}
    assert len(found.files) <= 256


def test_a_folder_with_the_name_of_the_lock_is_a_folder(tmp_path):
    filled(tmp_path, "dataset.sha256/a.tif")

    assert names(tmp_path) == ["dataset.sha256/a.tif"]


def test_what_is_no_file_is_told_and_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")

    found = list_files(tmp_path)

    assert (found.files, found.odd) == ({}, ["pipe"])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
def test_a_folder_that_may_not_be_read_is_told(tmp_path):
    filled(tmp_path, "closed/a.tif")
    (tmp_path / "closed").chmod(0)

    assert list_files(tmp_path).unreadable == {"closed": "Permission denied"}
    (tmp_path / "closed").chmod(0o755)
