from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from fake_hosts import Closed, fake_host

from common.doctor import reading
from common.doctor.reading import given, mounted


@pytest.fixture(autouse=True)
def _nothing_is_opened(monkeypatch):
    monkeypatch.setitem(reading.WANTED, "slides", lambda _: "slides all")


def slides(tmp_path, *names):
    folder = tmp_path / "slides"
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_text("pixels")
    return folder


def breaking(listed):
    """Lists any folder but the one called broken."""

    def of_folder(path):
        if Path(path).name == "broken":
            raise OSError(errno.EIO, "Input/output error", str(path))
        return listed(path)

    return of_folder


def of(host, source):
    return given(host, "slides", source)


def at(host):
    return mounted(host, "slides", host.path("/slides"))


def test_a_folder_whose_files_can_be_read_is_well(tmp_path):
    folder = slides(tmp_path, "a.tif", "b.tif")
    (folder / ".hidden").symlink_to("/no/such")

    (found,) = of(fake_host(tmp_path), folder)

    assert (found.name, found.state) == ("slides", "ok")
    assert found.said == f"{folder}: 2 files can be read; slides all"


def test_where_links_lead_is_told(tmp_path):
    store = slides(tmp_path / "store", "a.tif")
    folder = slides(tmp_path, "b.tif")
    (folder / "a.tif").symlink_to(store / "a.tif")
    (folder / "more").symlink_to(store)

    (found,) = of(fake_host(tmp_path), folder)

    assert found.said == f"{folder}: 3 files can be read; 2 files of them in {store}; slides all"


def test_a_link_whose_target_is_not_bound_is_named_with_what_to_bind(tmp_path):
    folder = slides(tmp_path)
    (folder / "a.tif").symlink_to("/archive/2024/a.tif")
    (folder / "b").symlink_to("../../elsewhere")
    docker = fake_host(tmp_path, {"/.dockerenv": ""})

    one, two = of(docker, folder)

    assert one.state == "failed"
    assert one.said == (f"{folder / 'a.tif'} is a link to /archive/2024/a.tif, which is not there")
    assert one.advice == "bind where it leads to, too: -v '/archive/2024:/archive/2024:ro'"
    assert "bind the folder that holds it and where it leads to" in two.advice
    assert (
        of(fake_host(tmp_path / "bare"), folder)[0].advice == "mount what it leads to, or copy it"
    )


def test_links_in_a_circle_are_told(tmp_path):
    folder = slides(tmp_path)
    (folder / "a.tif").symlink_to(folder / "a.tif")

    (found,) = of(fake_host(tmp_path), folder)

    assert found.state == "failed"
    assert "symbolic links" in found.said


def test_a_folder_that_breaks_off_while_it_is_listed_is_told(tmp_path, monkeypatch):
    """Though whoever asks may look into it: its server gave it up, or its disk is damaged."""
    folder = slides(tmp_path, "a.tif")
    (folder / "broken").mkdir()
    for name in ("scandir", "listdir"):
        monkeypatch.setattr(os, name, breaking(getattr(os, name)))

    (found,) = of(fake_host(tmp_path), folder)

    assert found.state == "failed"
    assert found.said == f"{folder / 'broken'}: Input/output error"


def test_a_file_that_may_not_be_read_is_told_with_its_owner(tmp_path):
    folder = slides(tmp_path, "closed.tif", "open.tif")

    (found,) = of(fake_host(tmp_path, kind=Closed, uid=77), folder)

    assert found.state == "failed"
    assert found.said == f"{folder / 'closed.tif'} cannot be read"
    assert "we are user 77" in found.advice


def test_of_many_bad_files_the_first_are_named_and_the_others_counted(tmp_path):
    folder = slides(tmp_path, "good.tif")
    for number in range(9):
        (folder / f"{number}.tif").symlink_to("/archive/a.tif")

    found = of(fake_host(tmp_path), folder)

    assert len(found) == 4
    assert found[-1].said == f"6 more of 10 files in {folder}"


def test_the_files_of_a_cohort_are_looked_at_from_its_folder(tmp_path):
    slides(tmp_path, "a.tif", "a.xml")
    cohort = tmp_path / "cohort.csv"
    cohort.write_text("path,annotation\nslides/a.tif,slides/a.xml\nslides/gone.tif,\n")

    (found,) = of(fake_host(tmp_path), cohort)

    assert found.said == f"{tmp_path / 'slides' / 'gone.tif'} is not there"


def test_what_is_not_there_itself_is_told_with_the_folder_to_bind(tmp_path):
    box = fake_host(tmp_path, APPTAINER_CONTAINER="x")

    (folder,) = of(box, tmp_path / "none")
    (file,) = of(box, tmp_path / "none" / "a.svs")

    assert folder.state == file.state == "failed"
    assert folder.advice.endswith(f"bind it: --bind '{tmp_path}/none:{tmp_path}/none:ro'")
    assert file.advice.endswith(f"bind its folder: --bind '{tmp_path}/none:{tmp_path}/none:ro'")


def test_what_is_given_must_be_of_the_right_kind(tmp_path, monkeypatch):
    monkeypatch.undo()
    folder = slides(tmp_path, "a.txt")
    (none,) = of(fake_host(tmp_path), folder)
    (folder / "a.svs").write_text("no slide")
    (text,) = of(fake_host(tmp_path), folder)

    assert none.state == text.state == "failed"
    assert "expected slides" in none.said
    assert "a.svs" in text.said


def test_the_place_of_a_container_is_looked_at_whatever_is_in_it(tmp_path):
    box = fake_host(tmp_path, {"/.dockerenv": "", "/slides/a.txt": ""})

    assert at(box)[0].said.endswith("1 file can be read")


def test_an_empty_place_for_slides_is_not_worth_a_word(tmp_path):
    (tmp_path / "slides").mkdir()

    assert at(fake_host(tmp_path, {"/.dockerenv": ""})) == []
    assert at(fake_host(tmp_path / "none", {"/.dockerenv": ""})) == []


def test_what_is_wrong_there_need_not_stop_the_work(tmp_path):
    box = fake_host(tmp_path, {"/.dockerenv": "", "/slides/closed.tif": ""}, kind=Closed)

    assert at(box)[0].state == "warning"
