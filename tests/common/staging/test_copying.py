from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

import pytest
from file_limit import largest_file

from common.errors import Interrupted
from common.staging.copying import copied, hashed

CONTENT = os.urandom(20_000_001)


def sha256(content):
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "source.tif"
    path.write_bytes(CONTENT)
    return path


@pytest.mark.parametrize("content", [b"", b"a", CONTENT], ids=["nothing", "one byte", "blocks"])
def test_every_byte_arrives_and_the_hash_is_of_what_was_read(tmp_path, content):
    (tmp_path / "a").write_bytes(content)

    assert copied(tmp_path / "a", tmp_path / "b") == sha256(content)
    assert (tmp_path / "b").read_bytes() == content
    assert hashed(tmp_path / "b") == sha256(content)


def test_room_that_was_taken_beforehand_is_given_back(source, tmp_path):
    (tmp_path / "b").write_bytes(bytes(len(CONTENT) + 5))

    copied(source, tmp_path / "b")

    assert (tmp_path / "b").read_bytes() == CONTENT


def test_copying_ends_where_the_process_is_asked_to_stop(source, tmp_path, monkeypatch):
    monkeypatch.setattr("common.stopping._heard", [(15, 0.0)])

    with pytest.raises(Interrupted):
        copied(source, tmp_path / "b")


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(OSError, match="/proc/self/mem") as caught:
        copied(Path("/proc/self/mem"), tmp_path / "b")

    assert caught.value.errno == errno.EIO
    with pytest.raises(OSError, match="/proc/self/mem"):
        hashed(Path("/proc/self/mem"))


def test_a_file_that_cannot_be_written_is_named(source, tmp_path):
    with largest_file(1000), pytest.raises(OSError, match=f"{tmp_path}/b") as caught:
        copied(source, tmp_path / "b")

    assert caught.value.errno == errno.EFBIG
