from __future__ import annotations

import errno
import os
import shutil
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from scratch_process import other_process

from common.staging import FileSet, Scratch, owners
from common.staging.owners import folders


def test_holds_of_the_same_files_share_one_copy_until_the_last_is_left(scratch, files, counted):
    with scratch.hold() as last:
        with scratch.hold() as first:
            one = first.fetch(files)
            other = last.fetch(files)
            assert (one / "a.mrxs").samefile(other / "a.mrxs")
        assert last.is_whole()

    assert counted == ["a.mrxs", "Data0000.dat"]


def test_files_that_changed_are_copied_anew(scratch, files, source, counted):
    with scratch.hold() as one, scratch.hold() as other:
        one.fetch(files)
        source.write_bytes(b"new")
        assert (other.fetch(replace(files)) / "a.mrxs").read_bytes() == b"new"

    assert len(counted) == 4


def test_of_many_that_come_at_once_one_copies(scratch, files, counted):
    together = threading.Barrier(6)

    def fetch(_):
        with scratch.hold() as hold:
            together.wait()
            root = hold.fetch(replace(files))
            content = (root / "a.mrxs").read_bytes()
            together.wait()
            return content

    with ThreadPoolExecutor(6) as pool:
        contents = set(pool.map(fetch, range(6)))

    assert contents == {(files.root / "a.mrxs").read_bytes()}
    assert counted == ["a.mrxs", "Data0000.dat"]


def test_another_process_copies_and_this_one_waits_and_shares(scratch, source, counted):
    with other_process(scratch, source, 0.3) as process, scratch.hold() as hold:
        assert process.stdout.readline() == "copying\n"
        root = hold.fetch(FileSet.of(source))
        assert counted == []
        process.kill()
        process.wait()
        scratch.sweep()
        assert (root / "a.mrxs").read_bytes() == source.read_bytes()
        assert list(folders(scratch.folder)) == [hold.folder]


def test_killed_while_it_copies_it_keeps_nobody_waiting_and_leaves_nothing(
    scratch, source, counted
):
    with other_process(scratch, source, 60) as process:
        assert process.stdout.readline() == "copying\n"
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert len(list(folders(scratch.folder))) == 1
        with Scratch(scratch.folder, scratch.copy).hold() as hold:
            hold.fetch(FileSet.of(source))
            assert counted == ["a.mrxs"]
        Scratch.opened(scratch.folder)

    assert list(scratch.folder.iterdir()) == []


def test_too_little_room_is_told_before_a_byte_is_copied(scratch, files, counted):
    small = replace(scratch, room=lambda _: files.size - 1)
    with small.hold() as hold, pytest.raises(OSError, match="bytes needed") as caught:
        hold.fetch(files)

    assert caught.value.errno == errno.ENOSPC
    assert counted == []
    assert list(scratch.folder.iterdir()) == []


def test_a_disk_without_links_holds_a_copy_for_each(scratch, files, counted, monkeypatch):
    def no_links(*_, **__):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("common.staging.copies.os.link", no_links)
    with scratch.hold() as one, scratch.hold() as other:
        one.fetch(files)
        root = other.fetch(files)
        assert (root / "a.mrxs").read_bytes() == (files.root / "a.mrxs").read_bytes()

    assert len(counted) == 4


@pytest.fixture
def series(tmp_path):
    """Files of one slide."""
    folder = tmp_path / "series"
    folder.mkdir()
    names = tuple(f"level{number}.dcm" for number in range(12))
    for name in names:
        (folder / name).write_bytes(os.urandom(100))
    return FileSet(folder, names)


@pytest.mark.parametrize("links", [1, 5, 12])
def test_copies_that_are_removed_while_they_are_taken_over_are_made_anew(
    scratch, series, counted, monkeypatch, links
):
    link, made = os.link, []

    def removing(source, target):
        made.append(target)
        if len(made) == links:
            shutil.rmtree(other.folder)
        link(source, target)

    monkeypatch.setattr("common.staging.copies.os.link", removing)
    with scratch.hold() as other, scratch.hold() as hold:
        other.fetch(series)
        root = hold.fetch(replace(series))
        assert sorted(path.name for path in root.iterdir()) == sorted(series.names)
        assert hold.is_whole()

    assert len(counted) == 2 * len(series.names)


def test_copies_of_another_size_or_without_proof_are_not_taken_over(scratch, files, counted):
    with scratch.hold() as other, scratch.hold() as hold, scratch.hold() as third:
        root = other.fetch(files)
        (root / "a.mrxs").write_bytes(b"short")
        assert (hold.fetch(replace(files)) / "a.mrxs").stat().st_size == 100_000
        (root.parent / "sha256.json").unlink()
        (hold.folder / files.key / "sha256.json").unlink()
        third.fetch(replace(files))

    assert len(counted) == 6


def test_what_others_may_have_put_there_is_never_taken_over(scratch, files, counted):
    """A scratch folder that all users of a node can write to, and a copy under the very name."""
    with scratch.hold() as planted, scratch.hold() as hold:
        root = planted.fetch(files)
        (root / "a.mrxs").write_bytes(b"p" * 100_000)
        planted.folder.chmod(0o777)
        assert (hold.fetch(replace(files)) / "a.mrxs").read_bytes()[:5] != b"ppppp"

    assert len(counted) == 4


def test_a_process_that_says_nothing_is_not_waited_for(
    scratch, files, counted, caplog, monkeypatch
):
    """It was killed in a container of its own, where it cannot be looked at."""
    silent = scratch.folder / "camnet.elsewhere.deadbeef.7.100.0123456789abcdef"
    silent.mkdir(0o700)
    (silent / f".{files.key}").mkdir()
    caplog.set_level("INFO")
    before = time.time() - owners.BUSY_S - 60
    monkeypatch.setattr(time, "sleep", lambda _: os.utime(silent, (before, before)))
    with scratch.hold() as hold:
        hold.fetch(files)
        scratch.sweep()

    assert counted == ["a.mrxs", "Data0000.dat"]
    assert silent.exists()
    assert caplog.text.count(f"waits for the copy of {files.first} by process 7 of elsewhere") == 1
