from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from fake_hosts import Closed, fake_host

from common.doctor.access import unreadable


def test_what_can_be_read_is_not_worth_a_word(tmp_path):
    (tmp_path / "a.tif").touch()

    assert unreadable(fake_host(tmp_path), tmp_path) is None
    assert unreadable(fake_host(tmp_path), tmp_path / "a.tif") is None


def test_the_link_that_is_broken_is_named_and_not_what_lies_behind(tmp_path):
    (tmp_path / "archive").symlink_to("/no/such")

    said, _ = unreadable(fake_host(tmp_path), tmp_path / "archive" / "a.tif")

    assert said == f"{tmp_path / 'archive'} is a link to /no/such, which is not there"


def test_what_may_not_be_read_is_told_with_its_owner(tmp_path):
    (tmp_path / "closed.tif").touch()

    said, advice = unreadable(fake_host(tmp_path, kind=Closed), tmp_path / "closed.tif")

    assert said == f"{tmp_path / 'closed.tif'} cannot be read"
    assert "it belongs to user" in advice


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.EACCES, "belongs to user"),
        (errno.ESTALE, "is its server there? Else the disk it is on may be damaged"),
        (errno.ELOOP, "mend the links, which lead in a circle"),
    ],
)
def test_what_to_do_follows_from_what_the_system_says(tmp_path, monkeypatch, number, advice):
    """Whose a file is helps only where it is closed."""
    stat = Path.stat

    def refuse(path, **how):
        if path.name == "a.tif":
            raise OSError(number, os.strerror(number), str(path))
        return stat(path, **how)

    monkeypatch.setattr(Path, "stat", refuse)

    said, found = unreadable(fake_host(tmp_path), tmp_path / "a.tif")

    assert said == f"{tmp_path / 'a.tif'}: {os.strerror(number)}"
    assert advice in found
