from __future__ import annotations

import os

import pytest
from fake_hosts import fake_host

from common.doctor.listing import files_of, places
from common.errors import ConfigError


def lay(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("pixels")
    return folder


def names(source):
    return [os.path.relpath(path, source) for path in files_of(source)]


def test_a_folder_leads_to_all_that_is_below_it_but_what_is_hidden(tmp_path):
    lay(tmp_path, "b.tif", "a.tif", "deep/c.tif", ".hidden", ".git/config")

    assert names(tmp_path) == ["a.tif", "b.tif", "deep/c.tif"]


def test_links_are_followed_and_folders_linked_in_a_circle_walked_once(tmp_path):
    lay(tmp_path / "store", "s.tif")
    lay(tmp_path / "slides", "a.tif")
    (tmp_path / "slides" / "again").symlink_to(tmp_path / "slides")
    (tmp_path / "slides" / "more").symlink_to(tmp_path / "store")

    assert names(tmp_path / "slides") == ["a.tif", "more/s.tif"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look everywhere")
def test_a_folder_that_cannot_be_looked_into_is_listed_itself(tmp_path):
    lay(tmp_path, "a.tif", "closed/b.tif")
    (tmp_path / "closed").chmod(0)

    assert names(tmp_path) == ["a.tif", "closed"]


def test_a_file_leads_to_itself_and_a_cohort_to_slides_and_annotations(tmp_path):
    cohort = tmp_path / "cohort.CSV"
    cohort.write_text("path,label,annotation\na.tif,tumor,/elsewhere/a.xml\nb.tif\n")

    assert list(files_of(tmp_path / "a.tif")) == [tmp_path / "a.tif"]
    assert [str(path) for path in files_of(cohort)] == [
        f"{tmp_path}/a.tif",
        "/elsewhere/a.xml",
        f"{tmp_path}/b.tif",
    ]


def test_a_cohort_that_is_no_csv_is_refused_by_its_name(tmp_path):
    (tmp_path / "cohort.csv").write_bytes(b"\xff\xfe")

    with pytest.raises(ConfigError, match=r"cohort\.csv: expected a CSV"):
        list(files_of(tmp_path / "cohort.csv"))


def test_where_links_lead_is_told_for_the_folders_with_most_files(tmp_path):
    slides = lay(tmp_path / "slides", "own.tif")
    for number, count in enumerate((1, 3, 1, 2)):
        store = lay(tmp_path / f"store{number}", *map(str, range(count)))
        for path in sorted(store.iterdir()):
            (slides / f"{number}{path.name}").symlink_to(path)

    said = places(fake_host(tmp_path), slides, list(files_of(slides)))

    assert said == (
        f"; 7 files of them in {tmp_path}/store1, {tmp_path}/store3, {tmp_path}/store0"
        " and elsewhere"
    )


def test_the_file_system_is_told_where_it_is_known(tmp_path):
    table = {"/proc/self/mountinfo": f"1 0 0:1 / {tmp_path} rw - nfs4 server:/archive rw\n"}

    said = places(fake_host(tmp_path, table), lay(tmp_path / "slides", "a.tif"), [])

    assert said == ", on nfs4 of server:/archive"
