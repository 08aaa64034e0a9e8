from __future__ import annotations

import tempfile

import pytest
from fake_hosts import fake_host

from common.doctor import temporary
from common.doctor.temporary import look


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """The folder for temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_the_folder_and_its_room_are_told(folder):
    table = {"/proc/self/mountinfo": "1 0 0:1 / / rw - tmpfs tmpfs rw\n"}

    (found,) = look(fake_host(folder / "root", table, TMPDIR=str(folder)))

    assert found.state == "ok"
    assert found.said.startswith(f"{folder} (tmpfs, which is memory) has room for")
    assert [path.name for path in folder.iterdir()] == ["root"]


def test_a_folder_that_was_asked_for_and_is_not_used_is_told(folder):
    (found,) = look(fake_host(folder, TMPDIR="/no/such"))

    assert found.state == "warning"
    assert "TMPDIR=/no/such cannot be written" in found.said


@pytest.mark.parametrize(("files", "advice"), [({}, "TMPDIR"), ({"/.dockerenv": ""}, "--tmpfs")])
def test_where_nothing_can_be_written_it_says_so(tmp_path, monkeypatch, files, advice):
    def refuse(*_):
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setattr(temporary.tempfile, "TemporaryDirectory", refuse)

    (found,) = look(fake_host(tmp_path, files))

    assert found.state == "warning"
    assert advice in found.advice
