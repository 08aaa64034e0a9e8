from __future__ import annotations

import errno
from pathlib import Path

import pytest

from common.doctor.place import nearest, room


def test_a_folder_that_is_there_is_its_own_place_and_others_are_made_in_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert nearest(tmp_path) == tmp_path
    assert nearest(tmp_path / "run" / "one") == tmp_path
    assert nearest(Path("run")) == tmp_path


@pytest.mark.parametrize("name", ["here", "here/below"])
def test_a_file_and_a_link_to_nowhere_are_no_place(tmp_path, name):
    (tmp_path / "file").mkdir()
    (tmp_path / "file" / "here").touch()
    (tmp_path / "link").mkdir()
    (tmp_path / "link" / "here").symlink_to("/no/such")

    with pytest.raises(OSError, match="/file/here is a file") as file:
        nearest(tmp_path / "file" / name)
    with pytest.raises(OSError, match="/link/here is a link to /no/such, which is not") as link:
        nearest(tmp_path / "link" / name)

    assert (file.value.errno, link.value.errno) == (errno.ENOTDIR, errno.ENOENT)


def test_links_in_a_circle_are_no_place(tmp_path):
    (tmp_path / "here").symlink_to("here")

    with pytest.raises(OSError, match="here/below could not be looked at: Too many"):
        nearest(tmp_path / "here" / "below")


def test_room_is_counted_in_bytes_and_in_files(tmp_path):
    found = room(tmp_path)

    assert found["free"] > 0
    assert found["inodes"] >= -1


def test_a_file_system_that_counts_nothing_has_no_room_to_tell():
    assert room(Path("/proc")) == {"free": -1, "inodes": -1}
