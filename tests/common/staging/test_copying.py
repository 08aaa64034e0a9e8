from __future__ import annotations

import errno
import hashlib
import os

import pytest

from common.errors import ConfigError, Interrupted
from common.staging.copying import CopyError, Desk, brought, brought_back, copied, fetched, hashed

CONTENT = os.urandom(20_000_001)


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def damaging(times):
    """A copy that arrives with one bit turned over, so many times."""
    left = [times]

    def copy(source, target):
        sent = copied(source, target)
        if left[0]:
            left[0] -= 1
            content = bytearray(target.read_bytes())
            content[len(content) // 2] ^= 1
            target.write_bytes(content)
        return sent

    return copy


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


def test_a_copy_that_differs_is_made_once_more(source, tmp_path):
    fetched(source, tmp_path / "b", damaging(1))

    assert (tmp_path / "b").read_bytes() == CONTENT
    assert (tmp_path / "b").stat().st_mtime_ns == source.stat().st_mtime_ns


def test_a_copy_that_differs_twice_is_refused_by_the_name_of_its_source(source, tmp_path):
    with pytest.raises(CopyError, match=r"source\.tif: sha256 of its copy.*leave out --scratch"):
        fetched(source, tmp_path / "b", damaging(2))


def test_a_source_that_is_written_to_meanwhile_is_refused(source, tmp_path):
    """Even where size and time of the file do not tell."""
    os.utime(source, ns=(0, 0))
    written = iter([b"one", b"two"])

    def copy(path, target):
        sent = copied(path, target)
        with path.open("r+b") as stream:
            stream.write(next(written))
        os.utime(path, ns=(0, 0))
        return sent

    with pytest.raises(CopyError, match="changed while it was copied"):
        fetched(source, tmp_path / "b", copy)


def test_a_copy_is_proven_by_what_the_disk_holds(source, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(os, "fsync", lambda _: asked.append("flush"))
    monkeypatch.setattr(os, "posix_fadvise", lambda *said: asked.append(said[-1]))
    fetched(source, tmp_path / "b")

    flushed = asked.index("flush")
    assert asked[flushed + 1 :] == [os.POSIX_FADV_DONTNEED, os.POSIX_FADV_SEQUENTIAL]


def test_a_result_takes_its_place_whole_and_replaces_the_one_before(source, tmp_path):
    target = tmp_path / "out" / "a.h5"
    target.parent.mkdir()
    target.write_text("before")

    brought_back(source, target, damaging(1))

    assert target.read_bytes() == CONTENT
    assert [path.name for path in target.parent.iterdir()] == ["a.h5"]


def test_a_result_that_arrives_damaged_twice_leaves_the_one_before(source, tmp_path):
    target = tmp_path / "out" / "a.h5"
    target.parent.mkdir()
    target.write_text("before")

    with pytest.raises(CopyError, match=r"a\.h5"):
        brought_back(source, target, damaging(2))

    assert target.read_text() == "before"
    assert [path.name for path in target.parent.iterdir()] == ["a.h5"]


def test_a_full_target_disk_is_told_by_the_name_of_the_target(source, tmp_path):
    def copy(_, target):
        raise OSError(errno.ENOSPC, "No space left on device", str(target))

    with pytest.raises(ConfigError, match=r"a\.h5: .*No space left"):
        brought_back(source, tmp_path / "a.h5", copy)


def test_without_a_desk_files_are_written_in_place(tmp_path):
    with brought(tmp_path / "a.h5", None) as local:
        assert local == tmp_path / "a.h5"


def write_half_then_die(path, desk):
    with brought(path, desk) as local:
        local.write_text("half")
        raise RuntimeError("killed")


def test_a_result_on_the_desk_is_gone_when_it_is_brought_or_failed(tmp_path):
    desk = tmp_path / "desk"
    desk.mkdir()
    with brought(tmp_path / "a.h5", Desk(desk)) as local:
        local.write_text("result")
    with pytest.raises(RuntimeError, match="killed"):
        write_half_then_die(tmp_path / "b.h5", Desk(desk))

    assert (tmp_path / "a.h5").read_text() == "result"
    assert not (tmp_path / "b.h5").exists()
    assert list(desk.iterdir()) == []


def test_copying_ends_where_the_process_is_asked_to_stop(source, tmp_path, monkeypatch):
    monkeypatch.setattr("common.stopping._heard", [(15, 0.0)])

    with pytest.raises(Interrupted):
        copied(source, tmp_path / "b")
