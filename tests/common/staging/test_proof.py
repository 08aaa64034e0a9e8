from __future__ import annotations

import errno
import itertools
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from common.errors import ConfigError
from common.staging import status
from common.staging.copying import copied
from common.staging.proof import CopyError, brought_back, fetched

CONTENT = os.urandom(5_000_001)


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


def test_a_source_that_grows_meanwhile_is_not_laid_to_the_disk(source, tmp_path):
    def copy(path, target):
        with path.open("ab") as stream:
            stream.write(b"more")
        return copied(path, target)

    with pytest.raises(CopyError, match=r"source\.tif: .*changed while it was copied"):
        fetched(source, tmp_path / "b", copy)


def test_a_source_that_is_replaced_by_one_that_looks_the_same_is_refused(source, tmp_path):
    """By size, time and most of its bytes; such as a file with one corrected number."""
    os.utime(source, ns=(0, 0))

    def copy(path, target):
        sent = copied(path, target)
        other = path.with_name("other")
        other.write_bytes(CONTENT[:70_000] + os.urandom(9) + CONTENT[70_009:])
        os.utime(other, ns=(0, 0))
        other.replace(path)
        return sent

    with pytest.raises(CopyError, match="changed while it was copied"):
        fetched(source, tmp_path / "b", copy)


def test_a_change_is_seen_where_the_system_remembers_the_file_as_it_was(
    source, tmp_path, monkeypatch
):
    """A client of a file server asks it anew when a file is opened, and not always before."""
    os.utime(source, ns=(0, 0))
    remembered, stat = source.stat(), Path.stat

    def stale(path, **how):
        return remembered if path == source else stat(path, **how)

    def copy(path, target):
        sent = copied(path, target)
        with path.open("r+b") as stream:
            stream.seek(70_000)
            stream.write(bytes(9))
        return sent

    monkeypatch.setattr(Path, "stat", stale)

    with pytest.raises(CopyError, match="changed while it was copied"):
        fetched(source, tmp_path / "b", copy)


@pytest.fixture
def numbers_anew(monkeypatch):
    """A file system that gives a file another number whenever it is looked at, as sshfs may."""
    count, look = itertools.count(), status.os.fstat

    def fstat(descriptor):
        found = list(look(descriptor))
        found[1] = next(count)
        return os.stat_result(found, {"st_mtime_ns": look(descriptor).st_mtime_ns})

    monkeypatch.setattr(status, "os", SimpleNamespace(fstat=fstat))


def test_a_file_of_another_number_and_the_same_bytes_stayed_as_it_is(
    source, tmp_path, numbers_anew
):
    fetched(source, tmp_path / "b")

    assert (tmp_path / "b").read_bytes() == CONTENT


def test_a_file_of_another_number_and_other_bytes_changed(source, tmp_path, numbers_anew):
    """Even where most of its bytes are the same."""
    os.utime(source, ns=(0, 0))

    def copy(path, target):
        sent = copied(path, target)
        with path.open("r+b") as stream:
            stream.seek(70_000)
            stream.write(os.urandom(9))
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


def test_a_disk_that_tells_at_the_end_that_it_fails_is_told_by_the_name_of_the_target(
    source, tmp_path, monkeypatch
):
    """As a file server does, which is sent the bytes only when they are flushed."""

    def refuse(_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", refuse)

    with pytest.raises(ConfigError, match=r"a\.h5: .*Input/output error"):
        brought_back(source, tmp_path / "a.h5")
